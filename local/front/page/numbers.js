// How numbers look, and what is known of them.

const carriers = new Map();

// What becomes of a text to a number, where it is not simply delivered.
const SPECIAL = new Map([
  ["+12065550190", "never gets a text"],
  ["+12065550191", "a landline"],
  ["+12065550192", "opted out"],
  ["+12065550193", "no delivery report"],
  ["+12065550194", "slowed down by the carrier"],
  ["+12065550195", "carrier's answer gets lost"],
]);

export function setLines(lines) {
  carriers.clear();
  for (const { number, carrier } of lines) carriers.set(number, carrier);
}

export const lineNumbers = () => [...carriers.keys()];
export const specialNumbers = () => [...SPECIAL.keys()];
export const isLine = (number) => carriers.has(number);

// The key of a line's carrier, such as "telnyx"; undefined for a phone.
export const carrierOf = (number) => carriers.get(number);

export const specialty = (number) => SPECIAL.get(number);

export const capitalized = (word) => word[0].toUpperCase() + word.slice(1);

export function pretty(number) {
  const parts = /^\+1(\d{3})(\d{3})(\d{4})$/.exec(number);
  return parts ? `${parts[1]}-${parts[2]}-${parts[3]}` : number;
}

// The number of a handset as it is typed, in E.164 form; null for anything else, a short code included.
export function parsePhone(typed) {
  const number = parse(typed);
  return number?.startsWith("+") ? number : null;
}

// A number as it is typed, in E.164 form or a short code; null for anything else.
export function parse(typed) {
  const digits = typed.replace(/[\s().-]/g, "");
  if (/^\+[1-9]\d{6,14}$/.test(digits)) return digits;
  if (/^\d{10}$/.test(digits)) return `+1${digits}`;
  if (/^1\d{10}$/.test(digits)) return `+${digits}`;
  return /^\d{3,8}$/.test(digits) ? digits : null;
}

// One of six colours, always the same for a number.
export function hue(number) {
  let sum = 0;
  for (const letter of number) sum = (sum * 31 + letter.charCodeAt(0)) >>> 0;
  return `hue-${sum % 6}`;
}

export function clock(iso) {
  const at = new Date(iso);
  const today = new Date().toDateString() === at.toDateString();
  const time = at.toLocaleTimeString([], { hour: "numeric", minute: "2-digit" });
  return today ? time : `${at.toLocaleDateString([], { month: "short", day: "numeric" })}, ${time}`;
}
