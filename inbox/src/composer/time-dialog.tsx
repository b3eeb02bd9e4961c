import { useState } from "preact/hooks";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { TextArea, TextField } from "../ui/field.tsx";
import { words } from "../words/words.ts";
import { checkTime, fromField, presetsOf, toField } from "./later.ts";

type Props = {
  title: string;
  /** The time to begin with; tomorrow morning without one. */
  at?: Date;
  /** The text to change, if it can be changed here. */
  body?: string;
  action: string;
  onSave: (at: Date, body: string) => void;
  onClose: () => void;
};

/** Asks for a time, perhaps with a changed text. */
export default function TimeDialog({ title, at, body, action, onSave, onClose }: Props) {
  const say = words.composer.later;
  const [time, setTime] = useState(() => toField(at ?? presetsOf(new Date())[0]?.at ?? new Date()));
  const [text, setText] = useState(body ?? "");
  const [isPressed, setPressed] = useState(false);
  const problem = checkTime(fromField(time), new Date());
  const problemText = problem === "too-early" ? say.tooEarly : say.tooLate;

  function save() {
    setPressed(true);
    if (!problem) onSave(fromField(time), text.trim());
  }

  return (
    <Dialog
      title={title}
      description={say.description}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>{words.app.cancel}</Button>
          <Button kind="primary" icon="clock" onClick={save}>
            {action}
          </Button>
        </>
      }
    >
      <form
        class="time-dialog"
        onSubmit={(event) => {
          event.preventDefault();
          save();
        }}
      >
        {body !== undefined && (
          <TextArea
            label={say.text}
            rows={4}
            maxLength={1600}
            value={text}
            onInput={(event) => setText(event.currentTarget.value)}
          />
        )}
        <TextField
          type="datetime-local"
          label={say.time}
          value={time}
          error={isPressed && problem ? problemText : null}
          onInput={(event) => setTime(event.currentTarget.value)}
        />
      </form>
    </Dialog>
  );
}
