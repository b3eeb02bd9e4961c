import "./shell.css";
import { useQueryClient } from "@tanstack/preact-query";
import { Fragment } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Link, Route, Switch, useLocation } from "wouter-preact";
import { InboxScreen } from "../conversations/inbox-screen.tsx";
import { newConversation, openNewConversation } from "../navigation/new-conversation.ts";
import { routes, to } from "../navigation/routes.ts";
import { useShortcuts } from "../navigation/shortcuts.ts";
import { watchAlerts } from "../notifications/alerts.ts";
import { watchNotifications } from "../notifications/notifier.ts";
import { useShowing } from "../notifications/showing.ts";
import { watchTitle } from "../notifications/title.ts";
import { useSession } from "../person/current.ts";
import { ThreadScreen } from "../thread/thread-screen.tsx";
import { Announcer } from "../ui/announcer.tsx";
import { classNames } from "../ui/class-names.ts";
import { Icon, type IconName } from "../ui/icon.tsx";
import { lazy } from "../ui/lazy.tsx";
import { EmptyState, SkeletonRows } from "../ui/states.tsx";
import { Toasts } from "../ui/toasts.tsx";
import { usePainted } from "../ui/use-painted.ts";
import { words } from "../words/words.ts";
import { AccountMenu } from "./account-menu.tsx";
import { ConnectionBar } from "./connection-bar.tsx";

const ShortcutsDialog = lazy(() => import("./shortcuts-dialog.tsx"));
const NewConversationDialog = lazy(() => import("../new-conversation/new-conversation-dialog.tsx"));

/** In the place of a screen whose code is on its way. */
function Loading() {
  return (
    <main>
      <SkeletonRows count={8} />
    </main>
  );
}

const ContactsScreen = lazy(() => import("../contacts/contacts-screen.tsx"), <Loading />);
const ImportScreen = lazy(() => import("../contacts/import-screen.tsx"), <Loading />);
const SettingsScreen = lazy(() => import("../settings/settings-screen.tsx"), <Loading />);

/** The frame around all screens: the sections at the side, or at the bottom of a phone, and the screen itself. */
export function Shell() {
  const [, navigate] = useLocation();
  const [isHelpOpen, setHelpOpen] = useState(false);
  useNotifications();
  useShortcuts({
    n: newGroup,
    "/": () => document.querySelector<HTMLElement>("[data-search]")?.focus(),
    "?": () => setHelpOpen(true),
    "g i": () => navigate(to.inbox()),
    "g c": () => navigate(to.contacts()),
    "g s": () => navigate(to.settings()),
  });
  return (
    <div class="shell">
      <Rail />
      <Screens />
      <Dialogs />
      {isHelpOpen && <ShortcutsDialog onClose={() => setHelpOpen(false)} />}
      <ConnectionBar />
      <Announcer />
      <Toasts />
    </div>
  );
}

/** Tell the person of what is new, as they have chosen. */
function useNotifications(): void {
  const client = useQueryClient();
  const { sid, identity } = useSession().user;
  useEffect(() => watchTitle(client), [client]);
  useEffect(() => watchAlerts(client, { sid, identity }), [client, sid, identity]);
  useEffect(() => watchNotifications(sid), [sid]);
}

function Rail() {
  const [location] = useLocation();
  return (
    <nav class="rail" aria-label={words.app.navigation}>
      {/* On a phone the list with its heading makes place for a conversation. */}
      <h1 class="visually-hidden">{words.app.name}</h1>
      <RailLink href={to.inbox()} icon="inbox" isCurrent={location === "/" || location.startsWith("/c/")}>
        {words.app.inbox}
      </RailLink>
      <RailLink href={to.contacts()} icon="contacts" isCurrent={location.startsWith("/contacts")}>
        {words.app.contacts}
      </RailLink>
      <RailLink href={to.settings()} icon="settings" isCurrent={location.startsWith("/settings")}>
        {words.app.settings}
      </RailLink>
      <span class="rail-account">
        <AccountMenu />
      </span>
    </nav>
  );
}

function RailLink(props: { href: string; icon: IconName; isCurrent: boolean; children: string }) {
  return (
    <Link
      href={props.href}
      class={classNames("rail-link", props.isCurrent && "rail-link-current")}
      aria-current={props.isCurrent ? "page" : undefined}
    >
      <Icon name={props.icon} />
      <span>{props.children}</span>
    </Link>
  );
}

function Screens() {
  return (
    <Switch>
      <Route path={routes.inbox}>
        <Inbox selected={null} target={null} />
      </Route>
      <Route path={routes.contacts}>
        <ContactsScreen selected={null} />
      </Route>
      <Route path={routes.contactImport}>{({ contactImport }) => <ImportScreen sid={contactImport ?? null} />}</Route>
      <Route path={routes.contact}>{({ contact }) => <ContactsScreen selected={contact ?? null} />}</Route>
      <Route path={routes.settings}>{({ section }) => <SettingsScreen section={section ?? null} />}</Route>
      <Route path={routes.conversation}>
        {({ conversation, index }) => (
          <Inbox selected={conversation ?? null} target={index === undefined ? null : Number(index)} />
        )}
      </Route>
      <Route>
        <NotFound />
      </Route>
    </Switch>
  );
}

/** For an address that is none of the app's. */
function NotFound() {
  return (
    <main>
      <EmptyState icon="inbox" title={words.app.notFound} text={words.app.notFoundText}>
        <Link class="button button-secondary" href={to.inbox()}>
          {words.thread.toInbox}
        </Link>
      </EmptyState>
    </main>
  );
}

const newMessage = () => openNewConversation({ kind: "single" });
const newGroup = () => openNewConversation({ kind: "group" });

function Inbox({ selected, target }: { selected: string | null; target: number | null }) {
  useShowing(selected);
  const painted = usePainted(selected);
  const paintedTarget = usePainted(target);
  return (
    <InboxScreen selected={selected} onNewMessage={newMessage} onNewGroup={newGroup}>
      {selected &&
        (painted ? <ThreadScreen key={painted} conversation={painted} target={paintedTarget} /> : <Fragment />)}
    </InboxScreen>
  );
}

function Dialogs() {
  const [, navigate] = useLocation();
  const request = newConversation.value;
  if (!request) return null;
  return (
    <NewConversationDialog
      {...request}
      onOpen={(conversation) => navigate(to.conversation(conversation))}
      onClose={() => {
        newConversation.value = null;
      }}
    />
  );
}
