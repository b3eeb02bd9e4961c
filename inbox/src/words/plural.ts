const PLURAL = new Intl.PluralRules("en");

/** Choose by number: `plural(2, "person", "people")` is "2 people". */
export function plural(count: number, one: string, other: string): string {
  return `${count.toLocaleString("en")} ${PLURAL.select(count) === "one" ? one : other}`;
}

const LIST = new Intl.ListFormat("en", { type: "conjunction" });

/** Names in a sentence: "Bob, Kay, and Lee". */
export function join(names: readonly string[]): string {
  return LIST.format(names);
}
