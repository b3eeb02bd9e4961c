/** When a text may be sent later. Pure. */

/** A time that is offered, in this browser's zone. */
export type Preset = { kind: "tomorrow" | "monday"; at: Date };

const MORNING = 9;
const MINUTE = 60_000;
/** The API takes times from one minute ahead on; sending takes some of it. */
const SOONEST = 2 * MINUTE;
const LATEST = 35 * 24 * 60 * MINUTE;
const MONDAY = 1;

/** The times that are offered: tomorrow morning, and Monday morning where that is another day. */
export function presetsOf(now: Date): Preset[] {
  const tomorrow = morning(now, 1);
  const monday = morning(now, ((MONDAY - now.getDay() + 6) % 7) + 1);
  const all: Preset[] = [
    { kind: "tomorrow", at: tomorrow },
    { kind: "monday", at: monday },
  ];
  return all.filter(({ kind, at }) => kind === "tomorrow" || at.getTime() !== tomorrow.getTime());
}

/** Morning, some days on. Not by adding hours: a day has 23 of them when the clocks change. */
function morning(now: Date, days: number): Date {
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() + days, MORNING);
}

/** Whether a time can be asked for. */
export function checkTime(at: Date, now: Date): "too-early" | "too-late" | null {
  const ahead = at.getTime() - now.getTime();
  // A field that is not filled in has no time.
  if (!(ahead >= SOONEST)) return "too-early";
  return ahead > LATEST ? "too-late" : null;
}

/** A time as the browser's field for date and time has it. */
export function toField(at: Date): string {
  const two = (value: number) => String(value).padStart(2, "0");
  const date = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${date}T${two(at.getHours())}:${two(at.getMinutes())}`;
}

/** The time in such a field, in this browser's zone. */
export function fromField(value: string): Date {
  return new Date(value);
}
