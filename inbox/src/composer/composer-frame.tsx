import type { ComponentChildren, Ref } from "preact";
import { classNames } from "../ui/class-names.ts";
import { words } from "../words/words.ts";

export type Mode = "text" | "note";

type Props = {
  mode: Mode;
  onMode: (mode: Mode) => void;
  onSubmit: () => void;
  formRef?: Ref<HTMLFormElement>;
  /** Whether files hang over it, to be dropped. */
  isDropTarget?: boolean;
  /** What stands in the first row beside the modes. */
  head?: ComponentChildren;
  children: ComponentChildren;
  /** The last row: tools, what is to be known of the text, and the button that sends it. */
  foot: ComponentChildren;
};

/** The frame of what is written: who reads it, the field, and the tools below it. */
export function ComposerFrame({ mode, onMode, onSubmit, formRef, isDropTarget = false, head, children, foot }: Props) {
  return (
    <form
      ref={formRef ?? null}
      class={classNames("composer", mode === "note" && "composer-note")}
      aria-label={words.composer.label}
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit();
      }}
    >
      <div class="composer-head">
        <ModeButtons mode={mode} onChange={onMode} />
        {head}
      </div>
      {children}
      <div class="composer-foot">{foot}</div>
      {isDropTarget && <p class="composer-drop">{words.composer.files.drop}</p>}
    </form>
  );
}

function ModeButtons({ mode, onChange }: { mode: Mode; onChange: (mode: Mode) => void }) {
  return (
    <fieldset class="composer-modes">
      <legend class="visually-hidden">{words.composer.modes}</legend>
      {(["text", "note"] as const).map((one) => (
        <button
          key={one}
          type="button"
          class={classNames("composer-mode", one === mode && "composer-mode-chosen")}
          aria-pressed={one === mode}
          onClick={() => onChange(one)}
        >
          {words.composer.mode[one]}
        </button>
      ))}
    </fieldset>
  );
}
