import { useState } from "preact/hooks";
import { useManagedLines } from "../api/administration.ts";
import type { Line } from "../api/types.ts";
import { formatPhone } from "../format/phone.ts";
import { useSession } from "../person/current.ts";
import { Tag } from "../ui/badge.tsx";
import { IconButton } from "../ui/button.tsx";
import { EmptyState } from "../ui/states.tsx";
import { settingsWords } from "../words/settings-words.ts";
import { LineDialog } from "./line-dialog.tsx";
import { usersOf } from "./line-draft.ts";
import { Rows } from "./rows.tsx";
import { Section } from "./section.tsx";

const say = settingsWords.lines;

/** The company's numbers, and what can be changed of them. */
export function LinesSection() {
  const query = useManagedLines();
  const [open, setOpen] = useState<Line | null>(null);
  return (
    <Section name="lines" text={say.text}>
      <Rows
        label={settingsWords.section.lines}
        entries={query.data}
        keyOf={({ sid }) => sid}
        query={query}
        empty={<EmptyState icon="phone" title={say.empty} text={say.emptyText} />}
      >
        {(line) => <Row line={line} onOpen={() => setOpen(line)} />}
      </Rows>
      {open && <LineDialog line={open} onClose={() => setOpen(null)} />}
    </Section>
  );
}

function Row({ line, onOpen }: { line: Line; onOpen: () => void }) {
  const { service_sid: service } = useSession();
  const number = formatPhone(line.address);
  const { isForEveryone, users } = usersOf(line, service);
  const isUnused = !isForEveryone && users.length === 0;
  const whose = isForEveryone ? say.everyone : isUnused ? null : say.count(users.length);
  return (
    <>
      <span class="rows-words">
        <span class="rows-title">
          <span class="truncate">{line.label ?? number}</span>
          {!line.group_messaging && <Tag>{say.noGroups}</Tag>}
          {isUnused && <Tag tone="warning">{say.nobody}</Tag>}
        </span>
        <span class="rows-note">{say.row({ number: line.label ? number : null, carrier: line.carrier, whose })}</span>
      </span>
      <IconButton icon="edit" label={say.edit(line.label ?? number)} onClick={onOpen} />
    </>
  );
}
