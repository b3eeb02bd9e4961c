import "./badge.css";
import { classNames } from "./class-names.ts";

/** A number of unread messages; a screen reader reads `label` instead. */
export function CountBadge({ count, label }: { count: number; label: string }) {
  return (
    <span class="count-badge">
      <span aria-hidden="true">{count > 99 ? "99+" : count}</span>
      <span class="visually-hidden">{label}</span>
    </span>
  );
}

/** A word on a tint: what is special about a member, a line or a contact. */
export function Tag({
  tone = "neutral",
  children,
}: {
  tone?: "neutral" | "warning" | "danger" | "accent";
  children: string;
}) {
  return <span class={classNames("tag", `tag-${tone}`)}>{children}</span>;
}
