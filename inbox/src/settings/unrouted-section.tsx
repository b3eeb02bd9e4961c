import { useQueryClient } from "@tanstack/preact-query";
import { useState } from "preact/hooks";
import { useLocation } from "wouter-preact";
import { deleteUnrouted, routeAgain, useUnroutedTexts } from "../api/administration.ts";
import { isNotFound } from "../api/errors.ts";
import { keys } from "../api/keys.ts";
import type { UnroutedText } from "../api/types.ts";
import { formatExactTime, formatListTime } from "../format/time.ts";
import { to } from "../navigation/routes.ts";
import { Button, IconButton } from "../ui/button.tsx";
import { ConfirmDialog } from "../ui/confirm-dialog.tsx";
import { EmptyState } from "../ui/states.tsx";
import { showToast } from "../ui/toasts.tsx";
import { messageOf, useAction } from "../ui/use-action.ts";
import { settingsWords } from "../words/settings-words.ts";
import { words } from "../words/words.ts";
import { useLineNames } from "./line-names.ts";
import { More, Rows } from "./rows.tsx";
import { Section } from "./section.tsx";
import { describeText, senderOf } from "./unrouted-text.ts";
import "./unrouted-section.css";

const say = settingsWords.unrouted;

/** The texts that no conversation took, with the reason, and what can be done. */
export function UnroutedSection() {
  const client = useQueryClient();
  const { query, entries } = useUnroutedTexts();
  const [open, setOpen] = useState<UnroutedText | null>(null);
  const readAgain = () => client.invalidateQueries({ queryKey: keys.unroutedTexts() });
  return (
    <Section name="unrouted" text={say.text}>
      <Rows
        label={settingsWords.section.unrouted}
        entries={entries}
        keyOf={({ sid }) => sid}
        query={query}
        empty={<EmptyState icon="inbox" title={say.empty} text={say.emptyText} />}
      >
        {(text) => <Row text={text} onDelete={() => setOpen(text)} onChange={readAgain} />}
      </Rows>
      <More label={say.more} query={query} />
      {open && (
        <ConfirmDialog
          title={say.deleteTitle}
          text={say.deleteText}
          confirm={say.delete}
          onClose={() => setOpen(null)}
          act={async () => {
            await deleteUnrouted(open.sid);
            await readAgain();
            showToast(say.deleted);
          }}
        />
      )}
    </Section>
  );
}

type RowProps = { text: UnroutedText; onDelete: () => void; onChange: () => Promise<void> };

function Row({ text, onDelete, onChange }: RowProps) {
  const nameOf = useLineNames();
  const sender = senderOf(text);
  return (
    <div class="rows-words unrouted">
      <p class="unrouted-head">
        <span class="rows-title">{sender}</span>
        <time class="rows-note" dateTime={text.date_created} title={formatExactTime(text.date_created)}>
          {formatListTime(text.date_created, new Date())}
        </time>
      </p>
      <p class="rows-note">{describeText(text, nameOf)}</p>
      <p class="unrouted-body">{text.body || <span class="rows-note">{say.noText}</span>}</p>
      <div class="unrouted-end">
        <p class="unrouted-reason">{say.reasons[text.reason]}</p>
        <RouteButton text={text} onChange={onChange} />
        <IconButton icon="trash" label={say.deleteOf(sender)} onClick={onDelete} />
      </div>
    </div>
  );
}

function RouteButton({ text, onChange }: Omit<RowProps, "onDelete">) {
  const [, navigate] = useLocation();
  const { isBusy, run } = useAction();

  const route = () =>
    run(async () => {
      try {
        const { outcome, reason, conversation_sid: conversation } = await routeAgain(text.sid);
        if (outcome === "unrouted") showToast(say.stillUnrouted(reason ? say.reasons[reason] : ""));
        else if (!conversation) showToast(say.routedElsewhere);
        else {
          const onSelect = () => navigate(to.conversation(conversation));
          showToast(say.routed, { label: say.open, onSelect });
        }
      } catch (error) {
        showToast(isNotFound(error) ? say.gone : (messageOf(error) ?? words.app.failed));
      }
      await onChange();
    });

  return (
    <Button
      kind="quiet"
      icon="retry"
      isBusy={isBusy}
      aria-label={say.routeOf(senderOf(text))}
      onClick={() => void route()}
    >
      {say.route}
    </Button>
  );
}
