import "./dialog.css";
import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";
import { words } from "../words/words.ts";
import { IconButton } from "./button.tsx";
import { classNames } from "./class-names.ts";
import { Toasts } from "./toasts.tsx";
import { useScrollable } from "./use-scrollable.ts";

type Props = {
  title: string;
  /** One sentence below the title. */
  description?: string;
  /** `panel` stands at the right edge and is as high as the window; `full` takes the whole window. */
  shape?: "small" | "wide" | "panel" | "full";
  children?: ComponentChildren;
  /** The buttons at the end. */
  footer?: ComponentChildren;
  onClose: () => void;
  /** Called when Escape, the cross or a press beside it would close it; false keeps it open. */
  mayClose?: () => boolean;
};

/**
 * A modal dialog. It is open while it is rendered. The browser keeps the focus inside, and gives it back to where it was.
 */
export function Dialog({ title, description, shape = "small", children, footer, onClose, mayClose }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const isScrollable = useScrollable(content);
  const id = useId();

  // At once: a key that is pressed now is meant for the dialog. And before the effects of what is inside.
  useLayoutEffect(() => {
    const element = dialog.current;
    if (!element) return;
    const before = document.activeElement;
    element.showModal();
    return () => {
      // The browser gives it back too, but not while a dialog inside is open, which is about to end as well.
      queueMicrotask(() => {
        if (before instanceof HTMLElement && before.isConnected) before.focus();
      });
    };
  }, []);

  function close() {
    if (!mayClose || mayClose()) onClose();
  }

  return (
    // The keyboard's way out is Escape.
    <dialog
      ref={dialog}
      class={classNames("dialog", `dialog-${shape}`)}
      aria-labelledby={`${id}-title`}
      aria-describedby={description ? `${id}-description` : undefined}
      onKeyDown={(event) => {
        // Here, and not as `cancel`, which a browser lets nobody prevent twice in a row. What is open inside comes first.
        if (event.key !== "Escape" || event.defaultPrevented) return;
        event.preventDefault();
        event.stopPropagation();
        close();
      }}
      onCancel={(event) => {
        if (event.target !== dialog.current) return;
        event.preventDefault();
        close();
      }}
      onClose={({ target }) => {
        // Closed by the browser all the same: it is open as long as it is rendered.
        if (target === dialog.current && dialog.current?.isConnected) {
          dialog.current.showModal();
          close();
        }
      }}
      onClick={(event) => {
        if (event.target === dialog.current) close();
      }}
    >
      <div class="dialog-box">
        <header class="dialog-header">
          <div class="dialog-words">
            <h2 id={`${id}-title`}>{title}</h2>
            {description && (
              <p id={`${id}-description`} class="dialog-description">
                {description}
              </p>
            )}
          </div>
          <IconButton icon="close" label={words.app.close} onClick={close} />
        </header>
        {children !== undefined && (
          <div ref={content} class="dialog-content" {...(isScrollable ? { tabIndex: 0 } : {})}>
            {children}
          </div>
        )}
        {footer && <footer class="dialog-footer">{footer}</footer>}
      </div>
      <Toasts />
    </dialog>
  );
}
