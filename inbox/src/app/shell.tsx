import "./shell.css";
import { Link, Route, Switch, useLocation } from "wouter-preact";
import { InboxScreen } from "../conversations/inbox-screen.tsx";
import { ThreadScreen } from "../thread/thread-screen.tsx";
import { Announcer } from "../ui/announcer.tsx";
import { Avatar } from "../ui/avatar.tsx";
import { classNames } from "../ui/class-names.ts";
import { Icon, type IconName } from "../ui/icon.tsx";
import { Toasts } from "../ui/toasts.tsx";
import { words } from "../words/words.ts";
import { nameOfUser, useSession } from "./current.ts";
import { routes, to } from "./routes.ts";

/** The frame around all screens: the sections at the side, or at the bottom of a phone, and the screen itself. */
export function Shell() {
  const [location] = useLocation();
  const session = useSession();
  return (
    <div class="shell">
      <nav class="rail" aria-label={words.app.navigation}>
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
          <Avatar name={nameOfUser(session.user)} size="s" />
        </span>
      </nav>
      <Switch>
        <Route path={routes.inbox}>
          <InboxScreen selected={null} onNewMessage={openNothing} onNewGroup={openNothing} />
        </Route>
        <Route path={routes.conversation}>
          {({ conversation, index }) => (
            <InboxScreen selected={conversation} onNewMessage={openNothing} onNewGroup={openNothing}>
              <ThreadScreen
                key={conversation}
                conversation={conversation}
                target={index === undefined ? null : Number(index)}
                onOpenMessage={openNothing}
              />
            </InboxScreen>
          )}
        </Route>
      </Switch>
      <Announcer />
      <Toasts />
    </div>
  );
}

function openNothing() {}

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
