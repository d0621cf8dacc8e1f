/** The chat's head: the model in use, a new app, a new chat. */
import { Dialog, showDialog } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';
import { addIcon, clearIcon } from '@jupyterlab/ui-components';
import { CommandRegistry } from '@lumino/commands';
import { Widget } from '@lumino/widgets';
import { CommandIDs } from '../../core/commands';
import { IModels } from '../../core/models';
import { el, pushButton } from '../dom';
import { NexusChatModel } from './model';

/** Three buttons in a row. */
export class ChatHeader extends Widget {
  constructor(
    model: NexusChatModel,
    lab: { commands: CommandRegistry; models: IModels; trans: TranslationBundle }
  ) {
    super();
    this.addClass('nx-ChatHeader');
    const { commands, models, trans } = lab;
    const name = el('span', 'nx-ChatHeader-name');
    const choose = pushButton('', () => void commands.execute(CommandIDs.showModels));
    choose.classList.add('nx-ChatHeader-model');
    choose.replaceChildren(name);
    const show = (): void => {
      const current = models.current.split('/').pop() ?? '';
      name.textContent = current || trans.__('No model');
      choose.title = current
        ? trans.__('Uses %1. Click to choose another model.', models.current)
        : trans.__('Apps are built from recipes. Click to connect a model.');
    };
    models.changed.connect(show);
    this.disposed.connect(() => models.changed.disconnect(show));
    show();
    this.node.append(
      choose,
      pushButton(trans.__('New app'), () => void commands.execute(CommandIDs.newApp), {
        icon: addIcon
      }),
      pushButton(trans.__('Clear the chat'), () => void forget(model, trans), {
        icon: clearIcon,
        isIconOnly: true
      })
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
