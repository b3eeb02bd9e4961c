import "./merge-dialog.css";
import { useQueryClient } from "@tanstack/preact-query";
import { useState } from "preact/hooks";
import { rest } from "../api/client.ts";
import { keys } from "../api/keys.ts";
import { useContacts } from "../api/queries.ts";
import type { Contact } from "../api/types.ts";
import { formatPhone } from "../format/phone.ts";
import { Avatar } from "../ui/avatar.tsx";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Icon } from "../ui/icon.tsx";
import { SearchField } from "../ui/search-field.tsx";
import { showToast } from "../ui/toasts.tsx";
import { useDebounced } from "../ui/use-debounced.ts";
import { words } from "../words/words.ts";

const SEARCH_PAUSE = 150;
const SHOWN = 4;

type Props = { contact: Contact; onClose: () => void };

/** Choose the contact that ends, and say what becomes of its numbers before it does. */
export function MergeDialog({ contact, onClose }: Props) {
  const say = words.contacts;
  const client = useQueryClient();
  const [text, setText] = useState("");
  const [other, setOther] = useState<Contact | null>(null);
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);

  async function merge(from: Contact) {
    setBusy(true);
    setProblem(null);
    try {
      const path = `/v1/Contacts/${contact.sid}/Merge`;
      const merged: Contact = await rest.request({ method: "POST", path, form: { ContactSid: from.sid } });
      client.setQueryData(keys.contact(contact.sid), merged);
      client.removeQueries({ queryKey: keys.contact(from.sid) });
      showToast(say.merged(from.friendly_name, contact.friendly_name));
      onClose();
      await client.invalidateQueries({ queryKey: keys.contactLists() });
    } catch (error) {
      setProblem(error instanceof Error ? error.message : words.app.failed);
      setBusy(false);
    }
  }

  return (
    <Dialog
      title={say.mergeTitle(contact.friendly_name)}
      description={say.mergeText}
      onClose={onClose}
      mayClose={() => !isBusy}
      footer={
        <>
          <Button onClick={onClose}>{words.app.cancel}</Button>
          <Button kind="danger" isBusy={isBusy} disabled={!other} onClick={() => other && void merge(other)}>
            {say.merge}
          </Button>
        </>
      }
    >
      <div class="merge">
        <SearchField label={say.mergeSearch} placeholder={words.list.search} value={text} onInput={setText} />
        <Choices contact={contact} text={text} chosen={other} onChoose={setOther} />
        <p class="merge-what" aria-live="polite">
          {other && (
            <>
              <strong>{say.mergeInto(other.friendly_name, contact.friendly_name)}</strong>{" "}
              {say.mergeNumbers(other.numbers.map(({ number }) => formatPhone(number)))}
            </>
          )}
        </p>
        {problem && (
          <p class="field-error" role="alert">
            {problem}
          </p>
        )}
      </div>
    </Dialog>
  );
}

type ChoicesProps = { contact: Contact; text: string; chosen: Contact | null; onChoose: (contact: Contact) => void };

/** Those that the search finds; before it, those that are called alike. */
function Choices({ contact, text, chosen, onChoose }: ChoicesProps) {
  const likeThis = contact.friendly_name.split(/\s+/)[0] ?? "";
  const q = useDebounced(text.trim(), SEARCH_PAUSE) || likeThis;
  const { contacts } = useContacts(q);
  const others = contacts?.filter(({ sid }) => sid !== contact.sid).slice(0, SHOWN);
  return (
    <div class="merge-choices" aria-busy={!others}>
      {others?.length === 0 && <p class="merge-nobody">{words.contacts.mergeNobody}</p>}
      {others?.map((one) => (
        <button
          key={one.sid}
          type="button"
          class="merge-choice"
          aria-pressed={one.sid === chosen?.sid}
          onClick={() => onChoose(one)}
        >
          <Avatar name={one.friendly_name} size="s" />
          <span class="merge-choice-words">
            <span class="truncate">{one.friendly_name}</span>
            <span class="truncate merge-choice-detail">
              {one.numbers.map(({ number }) => formatPhone(number)).join(", ") || words.contacts.noNumber}
            </span>
          </span>
          {one.sid === chosen?.sid && <Icon name="check" />}
        </button>
      ))}
    </div>
  );
}
