import { useState } from "preact/hooks";
import { useConversation } from "../api/queries.ts";
import type { Sid } from "../api/types.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { TextField } from "../ui/field.tsx";
import { words } from "../words/words.ts";
import { useChanges } from "./changes.ts";

/** Give a conversation a name of its own. */
export function RenameDialog({ conversation, onClose }: { conversation: Sid; onClose: () => void }) {
  const before = useConversation(conversation).data?.friendly_name ?? "";
  const [name, setName] = useState(before);
  const { rename } = useChanges(conversation);

  function save() {
    if (name.trim() !== before) void rename(name.trim());
    onClose();
  }

  return (
    <Dialog
      title={words.thread.rename}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>{words.app.cancel}</Button>
          <Button kind="primary" onClick={save}>
            {words.app.save}
          </Button>
        </>
      }
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save();
        }}
      >
        <TextField
          label={words.thread.name}
          hint={words.newConversation.nameHint}
          value={name}
          maxLength={256}
          onInput={(event) => setName(event.currentTarget.value)}
        />
      </form>
    </Dialog>
  );
}
