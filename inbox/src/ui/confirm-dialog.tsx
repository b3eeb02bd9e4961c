import { words } from "../words/words.ts";
import { Button } from "./button.tsx";
import { Dialog } from "./dialog.tsx";
import { messageOf, useAction } from "./use-action.ts";

type Props = {
  title: string;
  text: string;
  /** The words of the button that does it. */
  confirm: string;
  onClose: () => void;
  /** What it does. The dialog stays open, with the reason, when it is refused. */
  act: () => Promise<void>;
};

/** Ask before something that cannot be taken back. */
export function ConfirmDialog({ title, text, confirm, onClose, act }: Props) {
  const { isBusy, error, run } = useAction();
  const problem = messageOf(error);

  const go = () =>
    run(async () => {
      await act();
      onClose();
    });

  return (
    <Dialog
      title={title}
      onClose={onClose}
      footer={
        <>
          <Button autoFocus onClick={onClose}>
            {words.app.cancel}
          </Button>
          <Button kind="danger" isBusy={isBusy} onClick={() => void go()}>
            {confirm}
          </Button>
        </>
      }
    >
      <p>{text}</p>
      <p class="field-error" role="alert" hidden={problem === null}>
        {problem}
      </p>
    </Dialog>
  );
}
