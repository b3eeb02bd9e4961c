import "./menu.css";
import type { ComponentChildren, Ref } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { classNames } from "./class-names.ts";
import { Icon, type IconName } from "./icon.tsx";
import { placeBeside } from "./placement.ts";

export type MenuItem = {
  label: string;
  icon?: IconName;
  /** A second line, such as the reason why it cannot be chosen. */
  hint?: string;
  isDisabled?: boolean;
  isDanger?: boolean;
  /** Given for choices: whether it is the chosen one. */
  isChecked?: boolean;
  onSelect: () => void;
};

export type TriggerProps = {
  /** `buttonRef` of our buttons, `ref` of an element: a component's own `ref` would be the component. */
  buttonRef: Ref<HTMLButtonElement>;
  id: string;
  "aria-haspopup": "menu";
  "aria-expanded": boolean;
  "aria-controls": string;
  onClick: () => void;
  onKeyDown: (event: KeyboardEvent) => void;
};

type Props = {
  items: MenuItem[];
  /** Renders the button that opens the menu, with these properties on it. */
  trigger: (properties: TriggerProps) => ComponentChildren;
  align?: "start" | "end";
};

/** A menu below a button: arrows move, letters jump, Enter chooses, Escape closes and gives the focus back. */
export function Menu({ items, trigger, align = "start" }: Props) {
  const [isOpen, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const popup = useRef<HTMLDivElement>(null);
  const id = useId();

  useEffect(() => {
    const element = popup.current;
    if (!isOpen || !element || !button.current) return;
    element.showPopover();
    placeBeside(element, button.current, align);
    focusItem(element, 0);
  }, [isOpen, align]);

  function close({ keepFocus }: { keepFocus: boolean }) {
    setOpen(false);
    if (keepFocus) button.current?.focus();
  }

  function move(event: KeyboardEvent) {
    const element = popup.current;
    if (!element) return;
    const buttons = itemsIn(element);
    const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
    const next = nextIndex(event.key, at, buttons);
    if (event.key === "Escape" || event.key === "Tab") {
      close({ keepFocus: true });
      if (event.key === "Escape") event.preventDefault();
      event.stopPropagation();
    } else if (next !== null) {
      event.preventDefault();
      event.stopPropagation();
      buttons[next]?.focus();
    }
  }

  return (
    <>
      {trigger({
        buttonRef: button,
        id: `${id}-button`,
        "aria-haspopup": "menu",
        "aria-expanded": isOpen,
        "aria-controls": id,
        onClick: () => setOpen(!isOpen),
        onKeyDown: (event) => {
          if (event.key !== "ArrowDown") return;
          event.preventDefault();
          setOpen(true);
        },
      })}
      <div
        id={id}
        ref={popup}
        class="menu"
        popover="auto"
        role="menu"
        aria-labelledby={`${id}-button`}
        onKeyDown={move}
        onToggle={(event) => {
          if (event.newState === "closed") setOpen(false);
        }}
      >
        {isOpen &&
          items.map((item) => (
            <button
              key={item.label}
              type="button"
              {...roleOf(item)}
              aria-disabled={item.isDisabled}
              class={classNames("menu-item", item.isDanger && "menu-item-danger")}
              tabIndex={-1}
              onClick={() => {
                if (item.isDisabled) return;
                popup.current?.hidePopover();
                close({ keepFocus: true });
                item.onSelect();
              }}
            >
              {item.icon && <Icon name={item.icon} />}
              <span class="menu-words">
                <span>{item.label}</span>
                {item.hint && <span class="menu-hint">{item.hint}</span>}
              </span>
              {item.isChecked && <Icon name="check" />}
            </button>
          ))}
      </div>
    </>
  );
}

function roleOf({ isChecked }: MenuItem) {
  if (isChecked === undefined) return { role: "menuitem" } as const;
  return { role: "menuitemradio", "aria-checked": isChecked } as const;
}

/** The item that a key leads to, or null where the key means nothing here. */
export function nextIndex(key: string, at: number, items: { textContent: string | null }[]): number | null {
  const last = items.length - 1;
  switch (key) {
    case "ArrowDown":
      return at >= last ? 0 : at + 1;
    case "ArrowUp":
      return at <= 0 ? last : at - 1;
    case "Home":
      return 0;
    case "End":
      return last;
  }
  if (key.length !== 1 || key === " ") return null;
  const order = [...items.keys()].map((step) => (at + 1 + step) % items.length);
  return order.find((index) => begins(items[index]?.textContent ?? "", key)) ?? null;
}

function begins(text: string, letter: string): boolean {
  return text.trim().toLocaleLowerCase().startsWith(letter.toLocaleLowerCase());
}

function itemsIn(element: HTMLElement): HTMLButtonElement[] {
  return Array.from(element.querySelectorAll<HTMLButtonElement>(".menu-item"));
}

function focusItem(element: HTMLElement, index: number) {
  const checked = element.querySelector<HTMLButtonElement>('[aria-checked="true"]');
  (checked ?? itemsIn(element)[index])?.focus();
}
