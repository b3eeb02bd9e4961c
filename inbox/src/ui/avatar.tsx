import "./avatar.css";
import { classNames } from "./class-names.ts";
import { Icon } from "./icon.tsx";

const HUES = 8;
const GRAY = 7;

/** The initials of a name on a color of its own, or a person's outline where there is no name. A decoration. */
export function Avatar({ name, size = "m" }: { name: string | null; size?: "s" | "m" | "l" }) {
  const initials = name ? initialsOf(name) : "";
  return (
    <span class={classNames("avatar", `avatar-${size}`, `avatar-hue-${name ? hueOf(name) : GRAY}`)} aria-hidden="true">
      {initials || <Icon name="person" />}
    </span>
  );
}

/** Several people: two of them, one over the other. */
export function GroupAvatar({ names }: { names: (string | null)[] }) {
  if (names.length < 2) return <Avatar name={names[0] ?? null} />;
  return (
    <span class="avatar-group" aria-hidden="true">
      <Avatar name={names[0] ?? null} size="s" />
      <Avatar name={names[1] ?? null} size="s" />
    </span>
  );
}

/** The first letters of the first and the last word of a name: "Bob van Miller" has BM. */
export function initialsOf(name: string): string {
  const words = name.split(/\s+/u).filter((word) => /^\p{L}/u.test(word));
  const chosen = words.length > 1 ? [words[0], words.at(-1)] : words.slice(0, 1);
  return chosen
    .map((word) => Array.from(word ?? "")[0] ?? "")
    .join("")
    .toLocaleUpperCase();
}

function hueOf(name: string): number {
  let sum = 0;
  for (const character of name) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 9973;
  return sum % HUES;
}
