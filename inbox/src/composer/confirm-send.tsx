import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { words } from "../words/words.ts";

type Props = { reasons: string[]; onSend: () => void; onClose: () => void };

/** Asks once before a text is sent that may not be what its writer expects. */
export function ConfirmSend({ reasons, onSend, onClose }: Props) {
  const say = words.composer.confirm;
  return (
    <Dialog
      title={say.title}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>{say.back}</Button>
          <Button kind="primary" icon="send" autofocus onClick={onSend}>
            {say.send}
          </Button>
        </>
      }
    >
      <div class="confirm-send">
        {reasons.map((reason) => (
          <p key={reason}>{reason}</p>
        ))}
      </div>
    </Dialog>
  );
}
