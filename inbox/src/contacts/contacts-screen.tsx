import "./contacts-screen.css";
import { useState } from "preact/hooks";
import { useLocation } from "wouter-preact";
import type { Sid } from "../api/types.ts";
import { usePermission } from "../app/current.ts";
import { to } from "../app/routes.ts";
import { Button, IconButton } from "../ui/button.tsx";
import { classNames } from "../ui/class-names.ts";
import { EmptyState } from "../ui/states.tsx";
import { words } from "../words/words.ts";
import { ContactCard } from "./contact-card.tsx";
import { ContactDialog } from "./contact-dialog.tsx";
import { ContactList } from "./contact-list.tsx";

/** The people behind the numbers: the list, and beside it one of them. */
export default function ContactsScreen({ selected }: { selected: Sid | null }) {
  const [, navigate] = useLocation();
  const mayManage = usePermission("manageContacts");
  const [isCreating, setCreating] = useState(false);
  return (
    <div class={classNames("contacts-screen", selected !== null && "contacts-screen-one")}>
      <aside class="contacts-screen-list" aria-label={words.contacts.title}>
        <header class="contacts-header">
          <h1>{words.contacts.title}</h1>
          {mayManage && (
            <span class="contacts-actions">
              <IconButton icon="upload" label={words.contacts.import} onClick={() => navigate(to.contactImport())} />
              <Button kind="primary" icon="plus" onClick={() => setCreating(true)}>
                {words.contacts.new}
              </Button>
            </span>
          )}
        </header>
        <ContactList selected={selected} />
      </aside>
      <main class="contacts-screen-main">
        {selected ? (
          <ContactCard key={selected} contact={selected} />
        ) : (
          <EmptyState icon="contacts" title={words.contacts.choose} text={words.contacts.chooseText} />
        )}
      </main>
      {isCreating && (
        <ContactDialog
          onClose={() => setCreating(false)}
          onSaved={(sid) => {
            setCreating(false);
            navigate(to.contact(sid));
          }}
        />
      )}
    </div>
  );
}
