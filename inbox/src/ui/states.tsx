import "./states.css";
import type { ComponentChildren } from "preact";
import { words } from "../words/words.ts";
import { Button } from "./button.tsx";
import { Icon, type IconName } from "./icon.tsx";

type EmptyProps = { icon: IconName; title: string; text?: string; children?: ComponentChildren };

/** What a screen says when there is nothing to show: why, and what one can do. */
export function EmptyState({ icon, title, text, children }: EmptyProps) {
  return (
    <div class="state">
      <span class="state-icon">
        <Icon name={icon} />
      </span>
      <h2>{title}</h2>
      {text && <p>{text}</p>}
      {children && <div class="state-actions">{children}</div>}
    </div>
  );
}

/** What a screen says when its content could not be read. */
export function ErrorState({ title, text, onRetry }: { title: string; text?: string; onRetry: () => void }) {
  return (
    <div role="alert">
      <EmptyState icon="alert" title={title} {...(text ? { text } : {})}>
        <Button onClick={onRetry}>{words.app.retry}</Button>
      </EmptyState>
    </div>
  );
}

/** Rows in the place of content that is being read. A screen reader hears one word. */
export function SkeletonRows({ count }: { count: number }) {
  return (
    <div class="skeleton" aria-busy="true">
      <span class="visually-hidden">{words.app.loading}</span>
      {Array.from({ length: count }, (_, row) => (
        <span key={row} class="skeleton-row" aria-hidden="true">
          <span class="skeleton-circle" />
          <span class="skeleton-lines">
            <span class="skeleton-line" />
            <span class="skeleton-line skeleton-line-short" />
          </span>
        </span>
      ))}
    </div>
  );
}
