/** The chat's head: its name, a new app, a new chat. */
import { Dialog, showDialog } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';
import { addIcon, clearIcon, LabIcon } from '@jupyterlab/ui-components';
import { CommandRegistry } from '@lumino/commands';
import { Widget } from '@lumino/widgets';
import { CommandIDs } from '../../core/commands';
import { NexusChatModel } from './model';

/** Two buttons beside a name. */
export class ChatHeader extends Widget {
  constructor(model: NexusChatModel, lab: { commands: CommandRegistry; trans: TranslationBundle }) {
    super();
    this.addClass('nx-ChatHeader');
    const { commands, trans } = lab;
    const name = document.createElement('strong');
    name.textContent = 'Nexus';
    this.node.append(
      name,
      button(addIcon, trans.__('New app'), () => void commands.execute(CommandIDs.newApp)),
      button(clearIcon, trans.__('Clear the chat'), () => void forget(model, trans), true)
    );
  }
}

async function forget(model: NexusChatModel, trans: TranslationBundle): Promise<void> {
  const answer = await showDialog({
    title: trans.__('Clear the chat?'),
    body: trans.__('Its messages are deleted. The apps stay.'),
    buttons: [Dialog.cancelButton(), Dialog.warnButton({ label: trans.__('Clear') })]
  });
  if (answer.button.accept) {
    model.forget();
  }
}

function button(
  icon: LabIcon,
  label: string,
  onClick: () => void,
  isIconOnly = false
): HTMLButtonElement {
  const node = document.createElement('button');
  node.type = 'button';
  node.className = 'nx-CanvasBar-button';
  node.title = label;
  node.setAttribute('aria-label', label);
  node.append(icon.element({ tag: 'span', className: 'nx-icon' }));
  if (!isIconOnly) {
    node.append(label);
  }
  node.addEventListener('click', onClick);
  return node;
}
