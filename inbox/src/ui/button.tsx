import "./button.css";
import type { ButtonHTMLAttributes, ComponentChildren, Ref } from "preact";
import { classNames } from "./class-names.ts";
import { Icon, type IconName } from "./icon.tsx";

type Kind = "primary" | "secondary" | "quiet" | "danger";

type Props = Omit<ButtonHTMLAttributes, "icon"> & {
  kind?: Kind;
  icon?: IconName;
  isBusy?: boolean;
  children: ComponentChildren;
  buttonRef?: Ref<HTMLButtonElement>;
};

/** A button with words. While it is busy it keeps its width, and takes no second press. */
export function Button({ kind = "secondary", icon, isBusy = false, children, buttonRef, ...rest }: Props) {
  return (
    <button
      type="button"
      {...rest}
      ref={buttonRef ?? null}
      class={classNames("button", `button-${kind}`, rest.class as string)}
      aria-busy={isBusy}
      disabled={Boolean(rest.disabled) || isBusy}
    >
      {icon && <Icon name={icon} />}
      <span class="button-label">{children}</span>
    </button>
  );
}

type IconButtonProps = Omit<ButtonHTMLAttributes, "icon" | "label"> & {
  icon: IconName;
  /** What it does, for a screen reader and as a tooltip. */
  label: string;
  buttonRef?: Ref<HTMLButtonElement>;
};

/** A square button with an icon alone. */
export function IconButton({ icon, label, buttonRef, ...rest }: IconButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      ref={buttonRef ?? null}
      class={classNames("icon-button", rest.class as string)}
      aria-label={label}
      title={label}
    >
      <Icon name={icon} />
    </button>
  );
}
