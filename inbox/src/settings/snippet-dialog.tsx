import { useQueryClient } from "@tanstack/preact-query";
import { useId, useState } from "preact/hooks";
import { ApiError } from "../../../clients/javascript/rest.js";
import { keys } from "../api/keys.ts";
import { post } from "../api/reads.ts";
import type { Snippet } from "../api/types.ts";
import { usePermission, useSession } from "../person/current.ts";
import { Button } from "../ui/button.tsx";
import { ChoiceField } from "../ui/choice-field.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { useDiscardQuestion } from "../ui/discard-question.tsx";
import { TextArea, TextField } from "../ui/field.tsx";
import { showToast } from "../ui/toasts.tsx";
import { messageOf, useAction } from "../ui/use-action.ts";
import { settingsWords } from "../words/settings-words.ts";
import { words } from "../words/words.ts";
import { isSnippetName, LONGEST_SNIPPET } from "./snippet-name.ts";

const say = settingsWords.snippets;

/** Create or change a snippet. Whom it is for is chosen once. */
export function SnippetDialog({ snippet, onClose }: { snippet: Snippet | null; onClose: () => void }) {
  const { identity } = useSession().user;
  const mayShare = usePermission("manageContacts");
  const client = useQueryClient();
  const [name, setName] = useState(snippet?.name ?? "");
  const [body, setBody] = useState(snippet?.body ?? "");
  const [whose, setWhose] = useState<"me" | "all">("me");
  const [isTried, setTried] = useState(false);
  const { isBusy, error, run } = useAction();
  const id = useId();
  const isChanged = name !== (snippet?.name ?? "") || body !== (snippet?.body ?? "");
  const leaving = useDiscardQuestion(isChanged && !isBusy, onClose);
  const isTaken = error instanceof ApiError && error.code === 20409;
  const isReady = isSnippetName(name) && body.trim() !== "";

  const save = () =>
    run(async () => {
      const form = { Name: name, Body: body };
      if (snippet) await post(`/v1/Snippets/${snippet.sid}`, form);
      else await post("/v1/Snippets", whose === "me" ? { ...form, Owner: identity } : form);
      await client.invalidateQueries({ queryKey: keys.snippets() });
      showToast(say.saved(name));
      onClose();
    });

  function submit(event: Event) {
    event.preventDefault();
    setTried(true);
    if (isReady) void save();
  }

  const nameProblem = isTaken ? say.nameTaken : isTried && !isSnippetName(name) ? say.nameWrong : null;
  return (
    <Dialog
      title={snippet ? say.edit : say.create}
      onClose={onClose}
      mayClose={leaving.mayClose}
      footer={
        <>
          <Button onClick={leaving.close}>{words.app.cancel}</Button>
          <Button kind="primary" type="submit" form={id} isBusy={isBusy} disabled={!name || !body.trim()}>
            {words.app.save}
          </Button>
        </>
      }
    >
      <form id={id} class="form" onSubmit={submit}>
        <TextField
          label={say.name}
          hint={say.nameHint}
          error={nameProblem}
          maxLength={40}
          autoFocus
          value={name}
          onInput={(event) => setName(event.currentTarget.value)}
        />
        <TextArea
          label={say.body}
          hint={say.bodyLeft(body.length)}
          error={isTaken ? null : messageOf(error)}
          rows={6}
          maxLength={LONGEST_SNIPPET}
          value={body}
          onInput={(event) => setBody(event.currentTarget.value)}
        />
        {!snippet && mayShare && (
          <ChoiceField
            label={say.for}
            choices={[
              { value: "me", label: say.forMe },
              { value: "all", label: say.forAll },
            ]}
            value={whose}
            onChange={setWhose}
          />
        )}
      </form>
      {leaving.question}
    </Dialog>
  );
}
