/** What a message costs, from its preview. Pure. */

import type { Line, Preview, PreviewedSend } from "../api/types.ts";

/**
 * - `texts`: what the carriers bill: segments of plain texts, or one text for each recipient.
 * - `price`: of one text, where it is the same for all; in dollars, as `total`. Null where the person may not see it.
 */
export type Cost = { texts: number; price: string | null; total: string | null };

type Units = { texts: number; total: number | null };

/** Amounts are added as whole numbers of this part of a dollar. */
const PARTS = 1_000_000;

/**
 * Count what is billed. A preview of a text that has files knows nothing of them while they are still here: then what
 * would be plain texts are picture messages, one for each recipient.
 */
export function costOf(preview: Preview, hasFiles: boolean, lines: Line[]): Cost | null {
  const units = preview.sends.map((send) => unitsOf(send, hasFiles, lines)).filter(({ texts }) => texts > 0);
  if (units.length === 0) return null;
  const texts = units.reduce((sum, one) => sum + one.texts, 0);
  if (units.some(({ total }) => total === null)) return { texts, price: null, total: null };
  const total = units.reduce((sum, one) => sum + (one.total ?? 0), 0);
  const prices = new Set(units.map((one) => (one.total ?? 0) / one.texts));
  const [price] = prices;
  return { texts, price: prices.size === 1 && price !== undefined ? format(price) : null, total: format(total) };
}

function unitsOf(send: PreviewedSend, hasFiles: boolean, lines: Line[]): Units {
  if (!hasFiles || send.kind !== "sms") return { texts: send.billed_units, total: parse(send.cost) };
  const texts = send.recipients.length - leftOutOf(send).length;
  const price = parse(lines.find(({ address }) => address === send.from)?.mms_price ?? null);
  return { texts, total: price === null ? null : price * texts };
}

/** Who gets nothing of a send. */
export function leftOutOf(send: PreviewedSend): string[] {
  return [...new Set([...send.opted_out, ...send.do_not_disturb])];
}

function parse(amount: string | null): number | null {
  return amount === null ? null : Math.round(Number(amount) * PARTS);
}

function format(parts: number): string {
  return (parts / PARTS).toFixed(6);
}
