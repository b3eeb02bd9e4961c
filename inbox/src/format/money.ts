/** An amount in dollars, from the API's decimal text: $0.02, and $0.0041 where cents are too coarse. */
export function formatDollars(amount: string): string {
  const digits = Math.min(4, Math.max(2, (amount.split(".")[1] ?? "").replace(/0+$/, "").length));
  return formatOf(digits).format(Number(amount));
}

/** To make one takes far longer than to use it, and a cost is shown again with every key. */
const formats = new Map<number, Intl.NumberFormat>();

function formatOf(digits: number): Intl.NumberFormat {
  const known = formats.get(digits);
  if (known) return known;
  const made = new Intl.NumberFormat("en-US", {
    style: "currency",
    currency: "USD",
    minimumFractionDigits: 2,
    maximumFractionDigits: digits,
  });
  formats.set(digits, made);
  return made;
}
