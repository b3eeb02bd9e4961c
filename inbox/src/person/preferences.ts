/**
 * What a person has chosen for this browser: how the app looks, sounds and reacts. Nothing of customers is in it, so it
 * stays when the person signs out.
 */

import { effect, signal } from "@preact/signals";

export type Preferences = {
  theme: "system" | "light" | "dark";
  /** Whether single keys are shortcuts. */
  shortcuts: boolean;
  /** Whether opening a conversation marks it as read. */
  readOnOpen: boolean;
  /** Whether Enter sends; else Ctrl+Enter or Cmd+Enter does, as it always does. */
  enterSends: boolean;
  /** Of which messages the person is told, by sound or notification. */
  alerts: "mine" | "all";
  sound: boolean;
  /**
   * The SID of the user whose messages this browser notifies of; null for nobody. Another person at the same browser has
   * not asked for any.
   */
  notifiedUser: string | null;
  /** Whether a notification shows the sender and the text. */
  notifyWithText: boolean;
};

const NAME = "partyline-inbox.preferences";
const DEFAULTS: Preferences = {
  theme: "system",
  shortcuts: true,
  readOnOpen: true,
  enterSends: true,
  alerts: "mine",
  sound: false,
  notifiedUser: null,
  notifyWithText: false,
};

export const preferences = signal<Preferences>(DEFAULTS);

/** Change some of them, in all tabs. */
export function setPreferences(changes: Partial<Preferences>): void {
  preferences.value = { ...preferences.value, ...changes };
  try {
    localStorage.setItem(NAME, JSON.stringify(preferences.value));
  } catch {
    // Without storage they hold until the page is left.
  }
}

/** Read what is stored, follow other tabs, and show the theme. Call it before anything is drawn. */
export function loadPreferences(): void {
  preferences.value = parsePreferences(stored());
  addEventListener("storage", ({ key, newValue }) => {
    if (key === NAME) preferences.value = parsePreferences(newValue);
  });
  effect(() => {
    const { theme } = preferences.value;
    if (theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
  });
}

/** Read stored preferences, of this version or another one: what is missing or unknown is as without a choice. */
export function parsePreferences(text: string | null): Preferences {
  let found: Record<string, unknown>;
  try {
    found = Object(JSON.parse(text ?? "{}"));
  } catch {
    return DEFAULTS;
  }
  const flag = (name: keyof Preferences) =>
    typeof found[name] === "boolean" ? found[name] : (DEFAULTS[name] as boolean);
  return {
    theme: choose(found.theme, ["system", "light", "dark"]),
    shortcuts: flag("shortcuts"),
    readOnOpen: flag("readOnOpen"),
    enterSends: flag("enterSends"),
    alerts: choose(found.alerts, ["mine", "all"]),
    sound: flag("sound"),
    notifiedUser: typeof found.notifiedUser === "string" ? found.notifiedUser : null,
    notifyWithText: flag("notifyWithText"),
  };
}

/** The value, if it is one of the choices; else the first of them. */
function choose<const T extends string>(value: unknown, choices: readonly [T, ...T[]]): T {
  return choices.find((one) => one === value) ?? choices[0];
}

function stored(): string | null {
  try {
    return localStorage.getItem(NAME);
  } catch {
    return null;
  }
}
