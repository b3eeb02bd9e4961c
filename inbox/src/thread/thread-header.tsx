import "./thread-header.css";
import { useQueryClient } from "@tanstack/preact-query";
import { useState } from "preact/hooks";
import { Link, useLocation } from "wouter-preact";
import { findEntry } from "../api/entries.ts";
import { useConversation, useLines, useParticipants, useReadState, useUsers } from "../api/queries.ts";
import type { Sid } from "../api/types.ts";
import { titleOf } from "../conversations/entry-text.ts";
import { linesOf, phonesOf } from "../conversations/members.ts";
import { formatPhone } from "../format/phone.ts";
import { to } from "../navigation/routes.ts";
import { useShortcuts } from "../navigation/shortcuts.ts";
import { nameOfUser, usePermission, useSession } from "../person/current.ts";
import { useUserNames } from "../person/user-names.ts";
import { Button, IconButton } from "../ui/button.tsx";
import { Icon } from "../ui/icon.tsx";
import { lazy } from "../ui/lazy.tsx";
import { Menu, type MenuItem } from "../ui/menu.tsx";
import { showToast } from "../ui/toasts.tsx";
import { words } from "../words/words.ts";
import { useChanges } from "./changes.ts";
import { RenameDialog } from "./rename-dialog.tsx";

const MembersPanel = lazy(() => import("./members-panel.tsx"));
const ViewersDialog = lazy(() => import("./viewers-dialog.tsx"));
const DeleteDialog = lazy(() => import("./delete-dialog.tsx"));

type Opened = "members" | "rename" | "viewers" | "delete";

/** Above a conversation: what it is called, who is in it, who takes care of it, and what can be done with it. */
export function ThreadHeader({ conversation, onSearch }: { conversation: Sid; onSearch: () => void }) {
  const [isOpen, setOpen] = useState<Opened | null>(null);
  const title = useTitle(conversation);
  const participants = useParticipants(conversation).data;
  useThreadShortcuts(conversation);
  return (
    <header class="thread-head">
      <Link href={to.inbox()} class="icon-button thread-back" aria-label={words.app.back} title={words.app.back}>
        <Icon name="back" />
      </Link>
      <div class="thread-words">
        <h2>
          <button type="button" class="thread-title" onClick={() => setOpen("members")}>
            <span class="truncate">{title}</span>
            <span class="visually-hidden">{words.thread.showMembers}</span>
            <span class="thread-count">
              <Icon name="group" />
              {participants && phonesOf(participants).length}
            </span>
            <Icon name="chevron" />
          </button>
        </h2>
        <LineText conversation={conversation} />
      </div>
      <AssigneeMenu conversation={conversation} />
      <DoneButton conversation={conversation} />
      <MoreMenu conversation={conversation} onOpen={setOpen} onSearch={onSearch} />
      {isOpen === "members" && <MembersPanel conversation={conversation} title={title} onClose={() => setOpen(null)} />}
      {isOpen === "viewers" && <ViewersDialog conversation={conversation} onClose={() => setOpen(null)} />}
      {isOpen === "delete" && <DeleteDialog conversation={conversation} title={title} onClose={() => setOpen(null)} />}
      {isOpen === "rename" && <RenameDialog conversation={conversation} onClose={() => setOpen(null)} />}
    </header>
  );
}

function useThreadShortcuts(conversation: Sid) {
  const [, navigate] = useLocation();
  const self = useSession().user.identity;
  const mayChange = usePermission("setConversationState");
  const mayAssign = usePermission("writeAsLine");
  const details = useConversation(conversation).data;
  const { assign, setDone, markUnread } = useChanges(conversation);
  useShortcuts({
    r: () => document.querySelector<HTMLElement>("[data-composer]")?.focus(),
    e: () => {
      if (mayChange && details?.state === "active") void setDone(true);
      else if (mayChange && details?.state === "inactive") void setDone(false);
    },
    u: () => {
      void markUnread();
      navigate(to.inbox());
    },
    a: () => {
      if (mayAssign) void assign(self);
    },
  });
}

function useTitle(conversation: Sid): string {
  const client = useQueryClient();
  const details = useConversation(conversation).data;
  const phones = phonesOf(useParticipants(conversation).data ?? []);
  const entry = findEntry(client, conversation);
  if (details?.friendly_name) return details.friendly_name;
  if (entry) return titleOf(entry);
  return phones.map(({ name, number }) => name ?? formatPhone(number)).join(", ");
}

function LineText({ conversation }: { conversation: Sid }) {
  const lines = useLines().data ?? [];
  const participants = useParticipants(conversation).data ?? [];
  const texts = linesOf(participants).map((address) => {
    const label = lines.find((line) => line.address === address)?.label;
    return label ? `${label} ${formatPhone(address)}` : formatPhone(address);
  });
  return <p class="thread-line truncate">{texts.length > 0 && words.thread.from(texts.join(", "))}</p>;
}

function AssigneeMenu({ conversation }: { conversation: Sid }) {
  const mayAssign = usePermission("writeAsLine");
  const self = useSession().user.identity;
  const details = useConversation(conversation).data;
  const assignee = details?.assignee ?? null;
  const users = useUsers().data ?? [];
  const nameOf = useUserNames();
  const { assign } = useChanges(conversation);
  if (!mayAssign) return null;
  const choose = (identity: string | null, label: string): MenuItem => ({
    label,
    isChecked: assignee === identity,
    onSelect: () => void assign(identity),
  });
  const others = users.filter(({ identity }) => identity !== self);
  return (
    <Menu
      align="end"
      trigger={(properties) => (
        <Button {...properties} kind="quiet" icon="person" class="thread-assignee" disabled={!details}>
          {assignee === null ? words.thread.assign : assignee === self ? words.list.you : nameOf(assignee)}
        </Button>
      )}
      items={[
        choose(self, words.thread.assignToMe),
        ...others.map((user) => choose(user.identity, nameOfUser(user))),
        choose(null, words.thread.unassigned),
      ]}
    />
  );
}

function DoneButton({ conversation }: { conversation: Sid }) {
  const mayChange = usePermission("setConversationState");
  const state = useConversation(conversation).data?.state;
  const { setDone } = useChanges(conversation);
  if (!mayChange || state === "closed" || state === "initializing" || !state) return null;
  if (state === "inactive") return <Button onClick={() => void setDone(false)}>{words.thread.reopen}</Button>;
  return (
    <Button
      icon="check"
      class="thread-done"
      onClick={() => {
        void setDone(true);
        showToast(words.thread.isDone, { label: words.thread.undo, onSelect: () => void setDone(false) });
      }}
    >
      {words.thread.done}
    </Button>
  );
}

type MoreProps = { conversation: Sid; onOpen: (opened: Opened) => void; onSearch: () => void };

function MoreMenu({ conversation, onOpen, onSearch }: MoreProps) {
  const [, navigate] = useLocation();
  const mayRename = usePermission("editConversationName");
  const details = useConversation(conversation).data;
  const read = useReadState(conversation).data;
  const { markUnread, setMuted } = useChanges(conversation);
  const seesAll = usePermission("viewAnyConversation");
  const mayDelete = usePermission("deleteConversation");
  const permitted = (isPermitted: boolean, item: MenuItem) => (isPermitted ? [item] : []);
  return (
    <Menu
      align="end"
      trigger={(properties) => <IconButton {...properties} class="thread-more" icon="more" label={words.app.more} />}
      items={[
        { label: words.thread.search, icon: "search", onSelect: onSearch },
        ...permitted(mayRename, {
          label: words.thread.rename,
          icon: "edit",
          isDisabled: !details,
          onSelect: () => onOpen("rename"),
        }),
        {
          label: words.thread.markUnread,
          icon: "message",
          onSelect: () => {
            void markUnread();
            navigate(to.inbox());
          },
        },
        {
          label: read?.muted ? words.thread.unmute : words.thread.mute,
          icon: "bell",
          isDisabled: !read,
          onSelect: () => void setMuted(!read?.muted),
        },
        ...permitted(seesAll, { label: words.viewers.title, icon: "person", onSelect: () => onOpen("viewers") }),
        ...permitted(mayDelete, {
          label: words.thread.delete,
          icon: "trash",
          isDanger: true,
          onSelect: () => onOpen("delete"),
        }),
      ]}
    />
  );
}
