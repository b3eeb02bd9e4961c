import { formatDollars } from "../format/money.ts";
import { connection } from "../live/live.ts";
import { classNames } from "../ui/class-names.ts";
import { words } from "../words/words.ts";
import type { Cost } from "./cost.ts";

type Props = {
  /** Characters left, or too many; null while there is no need to say it. */
  left: number | null;
  problems: string[];
  warnings: string[];
  isInitializing: boolean;
  cost: Cost | null;
};

/** In one line below the field: what stands in the way of a text, or what it costs. Its place is always there. */
export function TextStatus({ left, problems, warnings, isInitializing, cost }: Props) {
  const say = words.composer;
  const isTooLong = left !== null && left < 0;
  const wrong = [...(isTooLong ? [say.tooLong(-left)] : []), ...problems];
  const isOffline = connection.value.kind === "offline";
  return (
    <p class={classNames("composer-status", wrong.length > 0 && "composer-status-wrong")} role="status">
      {[
        ...wrong,
        ...(isOffline ? [say.offline] : []),
        ...(isInitializing ? [say.initializing] : []),
        ...(wrong.length ? [] : warnings),
        ...(left !== null && left >= 0 ? [say.left(left)] : []),
        ...(cost && !wrong.length ? [costText(cost)] : []),
      ].join(" · ")}
    </p>
  );
}

/** "2 texts × $0.02 = $0.04". */
export function costText({ texts, price, total }: Cost): string {
  const say = words.composer.cost;
  if (total === null) return say.texts(texts);
  if (price === null || texts === 1) return say.total(texts, formatDollars(total));
  return say.product(texts, formatDollars(price), formatDollars(total));
}
