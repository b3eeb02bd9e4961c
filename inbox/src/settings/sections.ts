/** The sections of the settings, and who sees which. Pure. */

import type { Permission } from "../api/types.ts";
import type { IconName } from "../ui/icon.tsx";

export const SECTIONS = {
  profile: { icon: "person", needs: null },
  preferences: { icon: "settings", needs: null },
  notifications: { icon: "bell", needs: null },
  snippets: { icon: "snippet", needs: "writeAsLine" },
  people: { icon: "group", needs: "manageService" },
  roles: { icon: "lock", needs: "manageService" },
  workspace: { icon: "message", needs: "manageService" },
  lines: { icon: "phone", needs: "manageLines" },
  "opt-outs": { icon: "block", needs: "manageLines" },
  unrouted: { icon: "inbox", needs: "manageLines" },
} as const satisfies Record<string, { icon: IconName; needs: Permission | null }>;

export type SectionName = keyof typeof SECTIONS;

const OWN: readonly SectionName[] = ["profile", "preferences", "notifications", "snippets"];
const NAMES = Object.keys(SECTIONS) as SectionName[];

/** The sections that a person sees: their own, and those of administrators. */
export function sectionsFor(permissions: readonly string[]): { own: SectionName[]; administration: SectionName[] } {
  const open = NAMES.filter((name) => isOpen(name, permissions));
  return {
    own: open.filter((name) => OWN.includes(name)),
    administration: open.filter((name) => !OWN.includes(name)),
  };
}

/** Whether a person's permissions open a section. */
export function isOpen(name: SectionName, permissions: readonly string[]): boolean {
  const { needs } = SECTIONS[name];
  return needs === null || permissions.includes(needs);
}

/** The section that an address names; null for none of that name. */
export function parseSection(name: string): SectionName | null {
  return NAMES.find((one) => one === name) ?? null;
}
