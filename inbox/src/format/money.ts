/** An amount in dollars, from the API's decimal text: $0.02, and $0.0041 where cents are too coarse. */
export function formatDollars(amount: string): string {
  const value = Number(amount);
  const digits = Math.min(4, Math.max(2, (amount.split(".")[1] ?? "").replace(/0+$/, "").length));
  return new Intl.NumberFormat("en-US", {
    style: "currency",
    currency: "USD",
    minimumFractionDigits: 2,
    maximumFractionDigits: digits,
  }).format(value);
}
