const NORTH_AMERICA = /^\+1(\d{3})(\d{3})(\d{4})$/;

/** A number as people here read it: (206) 555-0100; of other countries as it is. */
export function formatPhone(number: string): string {
  const parts = NORTH_AMERICA.exec(number);
  return parts ? `(${parts[1]}) ${parts[2]}-${parts[3]}` : number;
}

/** Whether an author or address is a phone number, and not an identity. */
export function isPhone(value: string): boolean {
  return /^\+\d{6,15}$/.test(value);
}

/** Numbers inside of a text, such as a title made of numbers, as people read them. */
export function formatPhonesIn(text: string): string {
  return text.replace(/\+\d{6,15}(?!\d)/g, formatPhone);
}
