import { useState } from "preact/hooks";
import { useManagedLines, useOptOuts } from "../api/administration.ts";
import type { KnownOptOut, OptOut, OptOutState, PhoneNumber } from "../api/types.ts";
import { formatPhone } from "../format/phone.ts";
import { formatExactTime, formatListTime } from "../format/time.ts";
import { Button, IconButton } from "../ui/button.tsx";
import { ChoiceField } from "../ui/choice-field.tsx";
import { SelectField } from "../ui/field.tsx";
import { Menu } from "../ui/menu.tsx";
import { SearchField } from "../ui/search-field.tsx";
import { EmptyState } from "../ui/states.tsx";
import { useDebounced } from "../ui/use-debounced.ts";
import { settingsWords } from "../words/settings-words.ts";
import { useLineNames } from "./line-names.ts";
import { OptOutDialog, type OptOutQuestion } from "./opt-out-dialog.tsx";
import "./opt-outs-section.css";
import { More, Rows } from "./rows.tsx";
import { Section } from "./section.tsx";

const say = settingsWords.optOuts;
const SEARCH_PAUSE = 300;
const STATES = (["opted_out", "opted_in"] as const).map((value) => ({ value, label: say.states[value] }));

/** Who wants no texts from which line. */
export function OptOutsSection() {
  const [state, setState] = useState<OptOutState>("opted_out");
  const [text, setText] = useState("");
  const [line, setLine] = useState<PhoneNumber>("");
  const [open, setOpen] = useState<OptOutQuestion | null>(null);
  const address = useDebounced(text.trim(), SEARCH_PAUSE);
  const { query, entries } = useOptOuts({ state, address, line });
  return (
    <Section
      name="opt-outs"
      text={say.text}
      action={
        <Button kind="primary" icon="plus" onClick={() => setOpen({ kind: "enter" })}>
          {say.enter}
        </Button>
      }
    >
      <div class="opt-outs-filters">
        <SearchField label={say.searchLabel} placeholder={say.search} value={text} onInput={setText} />
        <LineFilter line={line} onChange={setLine} />
        <ChoiceField label={say.which} isLabelHidden choices={STATES} value={state} onChange={setState} />
      </div>
      <Rows
        label={settingsWords.section["opt-outs"]}
        entries={entries}
        keyOf={({ sid }) => sid}
        query={query}
        empty={<Empty state={state} isSearch={address !== ""} />}
      >
        {(optOut) => <Row optOut={optOut} onOpen={setOpen} />}
      </Rows>
      <More label={say.more} query={query} />
      {open && <OptOutDialog question={open} onClose={() => setOpen(null)} />}
    </Section>
  );
}

function LineFilter({ line, onChange }: { line: PhoneNumber; onChange: (line: PhoneNumber) => void }) {
  const nameOf = useLineNames();
  const lines = useManagedLines().data ?? [];
  return (
    <SelectField
      label={say.line}
      isLabelHidden
      choices={[
        { value: "", label: say.allLines },
        ...lines.map(({ address }) => ({ value: address, label: nameOf(address) })),
      ]}
      value={line}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}

function Empty({ state, isSearch }: { state: OptOutState; isSearch: boolean }) {
  if (isSearch) return <EmptyState icon="search" title={say.nothingFound} text={say.nothingFoundText} />;
  if (state === "opted_in") return <EmptyState icon="block" title={say.emptyIn} text={say.emptyInText} />;
  return <EmptyState icon="block" title={say.empty} text={say.emptyText} />;
}

function Row({ optOut, onOpen }: { optOut: OptOut; onOpen: (question: OptOutQuestion) => void }) {
  const nameOf = useLineNames();
  const number = optOut.address === null ? say.erased : formatPhone(optOut.address);
  return (
    <>
      <span class="rows-words">
        <span class="rows-title tabular">{number}</span>
        <span class="rows-note">{say.row(nameOf(optOut.line), say.how[optOut.how])}</span>
      </span>
      <time class="rows-note" dateTime={optOut.since} title={formatExactTime(optOut.since)}>
        {formatListTime(optOut.since, new Date())}
      </time>
      {isKnown(optOut) && <RowMenu optOut={optOut} onOpen={onOpen} />}
    </>
  );
}

function RowMenu({ optOut, onOpen }: { optOut: KnownOptOut; onOpen: (question: OptOutQuestion) => void }) {
  const isOut = optOut.state === "opted_out";
  return (
    <Menu
      align="end"
      trigger={(properties) => (
        <IconButton {...properties} icon="more" label={say.actions(formatPhone(optOut.address))} />
      )}
      items={[
        isOut
          ? { label: say.optIn, icon: "check", onSelect: () => onOpen({ kind: "opt-in", optOut }) }
          : { label: say.optOut, icon: "block", onSelect: () => onOpen({ kind: "opt-out", optOut }) },
        { label: say.history, icon: "clock", onSelect: () => onOpen({ kind: "history", optOut }) },
      ]}
    />
  );
}

/** Whether the number is known. Who was erased is opted in by their number, which somebody has to enter. */
function isKnown(optOut: OptOut): optOut is KnownOptOut {
  return optOut.address !== null;
}
