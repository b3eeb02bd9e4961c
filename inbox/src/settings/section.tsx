import type { ComponentChildren } from "preact";
import { Link } from "wouter-preact";
import { to } from "../navigation/routes.ts";
import { Icon } from "../ui/icon.tsx";
import { settingsWords } from "../words/settings-words.ts";
import { words } from "../words/words.ts";
import type { SectionName } from "./sections.ts";

type Props = {
  name: SectionName;
  /** One or two sentences below the title. */
  text?: string;
  /** What can be begun here, beside the title. */
  action?: ComponentChildren;
  children: ComponentChildren;
};

/** The frame of a section: its title, on a phone with the way back, what it is for, and its content. */
export function Section({ name, text, action, children }: Props) {
  return (
    <div class="settings-section">
      <header class="settings-head">
        <BackLink />
        <h1>{settingsWords.section[name]}</h1>
        {action}
      </header>
      {text && <p class="settings-text">{text}</p>}
      {children}
    </div>
  );
}

/** The way back to the list of sections, on a phone. */
export function BackLink() {
  return (
    <Link href={to.settings()} class="icon-button settings-back" aria-label={words.app.back} title={words.app.back}>
      <Icon name="back" />
    </Link>
  );
}

/** Some settings that belong together, on a card. */
export function Group({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <section class="settings-group" aria-label={title}>
      <h2>{title}</h2>
      <div class="settings-card">{children}</div>
    </section>
  );
}
