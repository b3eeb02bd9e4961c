/**
 * Single keys that do something, wherever one is but in a field. They can be switched off (WCAG 2.1.4).
 *
 * A screen registers what its keys do while it is shown; the newest registration of a key counts.
 */

import { useEffect, useRef } from "preact/hooks";
import { preferences } from "../person/preferences.ts";

export const SHORTCUTS = ["j", "k", "Enter", "r", "n", "e", "u", "a", "/", "?", "g i", "g c", "g s", "Escape"] as const;
export type Shortcut = (typeof SHORTCUTS)[number];

type Handler = () => void;
const handlers: { key: Shortcut; run: () => void }[] = [];

/** Milliseconds within which a second key follows `g`. */
const SEQUENCE = 1_000;
let prefix: { key: string; at: number } | null = null;

/** Have keys do something while a component is shown. */
export function useShortcuts(keys: Partial<Record<Shortcut, Handler>>): void {
  const latest = useRef(keys);
  latest.current = keys;
  const names = Object.keys(keys).join(" , ");
  useEffect(() => {
    const own = names.split(" , ").map((key) => ({
      key: key as Shortcut,
      run: () => latest.current[key as Shortcut]?.(),
    }));
    handlers.push(...own);
    return () => {
      for (const one of own) handlers.splice(handlers.indexOf(one), 1);
    };
  }, [names]);
}

/** Listen to the keys of the page. */
export function watchShortcuts(): void {
  addEventListener("keydown", (event) => {
    if (!preferences.value.shortcuts || event.defaultPrevented) return;
    if (event.key === "Escape" && !event.isComposing) leaveComposer(event.target);
    if (isElsewhere(event)) return;
    const name = nameOf(event.key, performance.now());
    const handler = handlers.findLast(({ key }) => key === name);
    if (!handler) return;
    event.preventDefault();
    handler.run();
  });
}

/** Leave the place to write, in which keys are letters, for the row of the conversation, if the list has it. */
function leaveComposer(target: EventTarget | null): void {
  if (!(target instanceof HTMLElement) || !target.matches("[data-composer]")) return;
  target.blur();
  document.querySelector<HTMLElement>("[data-conversation][aria-current]")?.focus();
}

/** The shortcut that a key completes: the key, or `g` and the key. */
function nameOf(key: string, now: number): string {
  const first = prefix && now - prefix.at < SEQUENCE ? prefix.key : null;
  prefix = key === "g" && !first ? { key, at: now } : null;
  return first ? `${first} ${key}` : key;
}

/** Whether a key is meant for something else: a field, a control, an open dialog or menu, the browser. */
function isElsewhere({ target, key, ctrlKey, metaKey, altKey }: KeyboardEvent): boolean {
  if (ctrlKey || metaKey || altKey || !(target instanceof HTMLElement)) return true;
  if (target.isContentEditable || target.closest("input, textarea, select, dialog, [role=menu]")) return true;
  return key === "Enter" && target.closest("a, button, li[tabindex]") !== null;
}
