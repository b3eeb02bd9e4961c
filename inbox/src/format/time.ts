/** Times as people read them: in this browser's language and zone. `now` is given, so that a minute can be tried. */

import { words } from "../words/words.ts";

const DAY = 86_400_000;
const LOCALE = navigator.language;

const clock = new Intl.DateTimeFormat(LOCALE, { hour: "numeric", minute: "2-digit" });
const weekday = new Intl.DateTimeFormat(LOCALE, { weekday: "short" });
const dayAndMonth = new Intl.DateTimeFormat(LOCALE, { month: "short", day: "numeric" });
const shortDate = new Intl.DateTimeFormat(LOCALE, { year: "numeric", month: "short", day: "numeric" });
const longDay = new Intl.DateTimeFormat(LOCALE, { weekday: "long", month: "long", day: "numeric" });
const longDate = new Intl.DateTimeFormat(LOCALE, { weekday: "long", year: "numeric", month: "long", day: "numeric" });
const exact = new Intl.DateTimeFormat(LOCALE, { dateStyle: "full", timeStyle: "long" });

/** 2:02 PM. */
export function formatClock(iso: string): string {
  return clock.format(new Date(iso));
}

/** The date with the zone and seconds, for a `title`. */
export function formatExactTime(iso: string): string {
  return exact.format(new Date(iso));
}

/** In a list: the time today, the weekday within six days, else the date. */
export function formatListTime(iso: string, now: Date): string {
  const date = new Date(iso);
  const age = daysBetween(date, now);
  if (age <= 0) return clock.format(date);
  if (age < 7) return weekday.format(date);
  return date.getFullYear() === now.getFullYear() ? dayAndMonth.format(date) : shortDate.format(date);
}

/** When something will be: Tomorrow, 9:00 AM; Monday, November 30, 9:00 AM. */
export function formatWhen(iso: string, now: Date): string {
  return `${formatDay(iso, now)}, ${formatClock(iso)}`;
}

/** Between two days of a thread: Today, Yesterday, Monday, November 23. */
export function formatDay(iso: string, now: Date): string {
  const date = new Date(iso);
  const age = daysBetween(date, now);
  if (age === 0) return words.time.today;
  if (age === 1) return words.time.yesterday;
  if (age === -1) return words.time.tomorrow;
  return date.getFullYear() === now.getFullYear() ? longDay.format(date) : longDate.format(date);
}

/** How many midnights are between two times, here. */
function daysBetween(earlier: Date, later: Date): number {
  return Math.round((midnightOf(later) - midnightOf(earlier)) / DAY);
}

function midnightOf(date: Date): number {
  return Date.UTC(date.getFullYear(), date.getMonth(), date.getDate());
}
