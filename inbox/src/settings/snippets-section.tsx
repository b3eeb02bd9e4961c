import { useQueryClient } from "@tanstack/preact-query";
import { useState } from "preact/hooks";
import { rest } from "../api/client.ts";
import { keys } from "../api/keys.ts";
import { useSnippets } from "../api/queries.ts";
import type { Snippet } from "../api/types.ts";
import { usePermission } from "../person/current.ts";
import { Button, IconButton } from "../ui/button.tsx";
import { ConfirmDialog } from "../ui/confirm-dialog.tsx";
import { Menu } from "../ui/menu.tsx";
import { EmptyState } from "../ui/states.tsx";
import { showToast } from "../ui/toasts.tsx";
import { settingsWords } from "../words/settings-words.ts";
import { Rows } from "./rows.tsx";
import { Section } from "./section.tsx";
import { SnippetDialog } from "./snippet-dialog.tsx";

const say = settingsWords.snippets;
type Open = { kind: "create" } | { kind: "edit" | "delete"; snippet: Snippet };

/** The texts that one uses again and again: one's own, and those for everyone. */
export function SnippetsSection() {
  const query = useSnippets();
  const [open, setOpen] = useState<Open | null>(null);
  const own = query.data?.filter(({ owner }) => owner !== null);
  const everyones = query.data?.filter(({ owner }) => owner === null);
  const isEmpty = query.data?.length === 0;
  return (
    <Section
      name="snippets"
      text={say.text}
      action={
        <Button kind="primary" icon="plus" onClick={() => setOpen({ kind: "create" })}>
          {say.new}
        </Button>
      }
    >
      {isEmpty && <EmptyState icon="snippet" title={say.empty} text={say.emptyText} />}
      {!isEmpty && (!own || own.length > 0) && (
        <SnippetList title={say.own} snippets={own} query={query} onOpen={setOpen} />
      )}
      {everyones && everyones.length > 0 && (
        <SnippetList title={say.everyones} snippets={everyones} query={query} onOpen={setOpen} />
      )}
      {open && <Opened open={open} onClose={() => setOpen(null)} />}
    </Section>
  );
}

type ListProps = {
  title: string;
  snippets: Snippet[] | undefined;
  query: { isError: boolean; refetch: () => unknown };
  onOpen: (open: Open) => void;
};

function SnippetList({ title, snippets, query, onOpen }: ListProps) {
  return (
    <section class="settings-group" aria-label={title}>
      <h2>{title}</h2>
      <Rows label={title} entries={snippets} keyOf={({ sid }) => sid} query={query} empty={null}>
        {(snippet) => <Row snippet={snippet} onOpen={onOpen} />}
      </Rows>
    </section>
  );
}

function Row({ snippet, onOpen }: { snippet: Snippet; onOpen: (open: Open) => void }) {
  const mayManage = usePermission("manageContacts") || snippet.owner !== null;
  return (
    <>
      <span class="rows-words">
        <span class="rows-title">/{snippet.name}</span>
        <span class="rows-note">{snippet.body}</span>
      </span>
      {mayManage && (
        <Menu
          align="end"
          trigger={(properties) => <IconButton {...properties} icon="more" label={say.actions(snippet.name)} />}
          items={[
            { label: say.change, icon: "edit", onSelect: () => onOpen({ kind: "edit", snippet }) },
            { label: say.delete, icon: "trash", isDanger: true, onSelect: () => onOpen({ kind: "delete", snippet }) },
          ]}
        />
      )}
    </>
  );
}

function Opened({ open, onClose }: { open: Open; onClose: () => void }) {
  const client = useQueryClient();
  if (open.kind !== "delete") {
    return <SnippetDialog snippet={open.kind === "edit" ? open.snippet : null} onClose={onClose} />;
  }
  const { snippet } = open;
  return (
    <ConfirmDialog
      title={say.deleteTitle(snippet.name)}
      text={snippet.owner === null ? say.deleteEveryones : say.deleteOwn}
      confirm={say.delete}
      onClose={onClose}
      act={async () => {
        await rest.request({ method: "DELETE", path: `/v1/Snippets/${snippet.sid}` });
        await client.invalidateQueries({ queryKey: keys.snippets() });
        showToast(say.deleted(snippet.name));
      }}
    />
  );
}
