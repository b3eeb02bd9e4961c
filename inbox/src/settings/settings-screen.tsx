import "./settings-screen.css";
import type { ComponentType } from "preact";
import { Link } from "wouter-preact";
import { to } from "../navigation/routes.ts";
import { useSession } from "../person/current.ts";
import { classNames } from "../ui/class-names.ts";
import { Icon, type IconName } from "../ui/icon.tsx";
import { EmptyState } from "../ui/states.tsx";
import { settingsWords } from "../words/settings-words.ts";
import { words } from "../words/words.ts";
import { LinesSection } from "./lines-section.tsx";
import { NotificationsSection } from "./notifications-section.tsx";
import { OptOutsSection } from "./opt-outs-section.tsx";
import { PeopleSection } from "./people-section.tsx";
import { PreferencesSection } from "./preferences-section.tsx";
import { ProfileSection } from "./profile-section.tsx";
import { RolesSection } from "./roles-section.tsx";
import { BackLink } from "./section.tsx";
import { isOpen, parseSection, SECTIONS, type SectionName, sectionsFor } from "./sections.ts";
import { SnippetsSection } from "./snippets-section.tsx";
import { UnroutedSection } from "./unrouted-section.tsx";
import { WorkspaceSection } from "./workspace-section.tsx";

const FIRST: SectionName = "profile";
const CONTENTS: Record<SectionName, ComponentType> = {
  profile: ProfileSection,
  preferences: PreferencesSection,
  notifications: NotificationsSection,
  snippets: SnippetsSection,
  people: PeopleSection,
  roles: RolesSection,
  workspace: WorkspaceSection,
  lines: LinesSection,
  "opt-outs": OptOutsSection,
  unrouted: UnroutedSection,
};

/** The settings: their sections, and beside them one. On a phone it is the one or the other. */
export default function SettingsScreen({ section }: { section: string | null }) {
  const selected = section === null ? FIRST : parseSection(section);
  return (
    <div class={classNames("settings", section !== null && "settings-one")}>
      <SectionList selected={selected} />
      <main class="settings-main">
        <Content key={selected} name={selected} />
      </main>
    </div>
  );
}

function SectionList({ selected }: { selected: SectionName | null }) {
  const { own, administration } = sectionsFor(useSession().role?.permissions ?? []);
  return (
    <nav class="settings-nav" aria-label={settingsWords.sections}>
      <h1>{settingsWords.title}</h1>
      <SectionLinks names={own} selected={selected} />
      {administration.length > 0 && (
        <>
          <h2 id="settings-administration">{settingsWords.administration}</h2>
          <SectionLinks names={administration} selected={selected} labelledBy="settings-administration" />
        </>
      )}
    </nav>
  );
}

type LinksProps = { names: SectionName[]; selected: SectionName | null; labelledBy?: string };

function SectionLinks({ names, selected, labelledBy }: LinksProps) {
  return (
    <ul aria-labelledby={labelledBy}>
      {names.map((name) => (
        <li key={name}>
          <Link
            href={to.settings(name)}
            class={classNames("settings-link", name === selected && "settings-link-current")}
            aria-current={name === selected ? "page" : undefined}
          >
            <Icon name={SECTIONS[name].icon} />
            <span>{settingsWords.section[name]}</span>
          </Link>
        </li>
      ))}
    </ul>
  );
}

function Content({ name }: { name: SectionName | null }) {
  const permissions = useSession().role?.permissions ?? [];
  if (name === null) return <Nothing icon="settings" title={words.app.notFound} text={words.app.notFoundText} />;
  if (!isOpen(name, permissions)) {
    return <Nothing icon="lock" title={settingsWords.notPermitted} text={settingsWords.notPermittedText} />;
  }
  const Section = CONTENTS[name];
  return <Section />;
}

function Nothing(properties: { icon: IconName; title: string; text: string }) {
  return (
    <div class="settings-section">
      <BackLink />
      <EmptyState {...properties} />
    </div>
  );
}
