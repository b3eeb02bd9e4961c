import "./shortcuts-dialog.css";
import { SHORTCUTS } from "../navigation/shortcuts.ts";
import { Dialog } from "../ui/dialog.tsx";
import { words } from "../words/words.ts";

/** All keys, with what they do. */
export default function ShortcutsDialog({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title={words.shortcuts.title} description={words.shortcuts.text} onClose={onClose}>
      <dl class="shortcuts">
        {SHORTCUTS.map((key) => (
          <div key={key} class="shortcut">
            <dt>
              {key.split(" ").map((part) => (
                <kbd key={part}>{part}</kbd>
              ))}
            </dt>
            <dd>{words.shortcuts.keys[key]}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
