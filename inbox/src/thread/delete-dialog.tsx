import { useState } from "preact/hooks";
import { useLocation } from "wouter-preact";
import { rest } from "../api/client.ts";
import type { Sid } from "../api/types.ts";
import { to } from "../navigation/routes.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { TextField } from "../ui/field.tsx";
import { words } from "../words/words.ts";

/** Delete a conversation for everybody, in two steps: what it means, and a word to type. */
export default function DeleteDialog(props: { conversation: Sid; title: string; onClose: () => void }) {
  const { conversation, title, onClose } = props;
  const [, navigate] = useLocation();
  const [typed, setTyped] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const isConfirmed = typed.trim().toLowerCase() === words.thread.deleteWord;

  async function remove() {
    if (!isConfirmed) return;
    setBusy(true);
    try {
      await rest.conversations.remove(conversation);
      onClose();
      navigate(to.inbox());
    } catch (error) {
      setProblem(error instanceof Error ? error.message : words.app.failed);
      setBusy(false);
    }
  }

  return (
    <Dialog
      title={words.thread.deleteTitle(title)}
      description={words.thread.deleteText}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>{words.app.cancel}</Button>
          <Button kind="danger" isBusy={isBusy} disabled={!isConfirmed} onClick={() => void remove()}>
            {words.thread.delete}
          </Button>
        </>
      }
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void remove();
        }}
      >
        <TextField
          label={words.thread.deleteConfirm}
          value={typed}
          error={problem}
          onInput={(event) => setTyped(event.currentTarget.value)}
        />
      </form>
    </Dialog>
  );
}
