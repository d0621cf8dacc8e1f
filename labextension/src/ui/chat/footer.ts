/** Below an answer: what it used, and another try. */
import {
  IMessage,
  IMessageContent,
  MessageFooterRegistry,
  MessageFooterSectionProps
} from '@jupyter/chat';
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { spentLine } from '../../core/money';
import { NexusChatModel } from './model';

/** Return the footers of a chat's messages. */
export function footers(trans: TranslationBundle): MessageFooterRegistry {
  const registry = new MessageFooterRegistry();
  registry.addSection({
    position: 'left',
    component: ({ message }: MessageFooterSectionProps) => {
      useChanges(message);
      const spent = message.metadata?.spent;
      return spent
        ? React.createElement('span', { className: 'nx-Footer-spent' }, spentLine(spent, trans))
        : null;
    }
  });
  registry.addSection({
    position: 'right',
    component: ({ model, message }: MessageFooterSectionProps) => {
      useChanges(message);
      const of = message.metadata?.of;
      if (!of || !isAnswer(message) || !(model instanceof NexusChatModel)) {
        return null;
      }
      return React.createElement(
        'button',
        {
          type: 'button',
          className: 'nx-Footer-again',
          title: trans.__('Ask the same again'),
          onClick: () => model.regenerate(of)
        },
        trans.__('Again')
      );
    }
  });
  return registry;
}

/** Draw anew whenever a message changes: `@jupyter/chat` does so for its text only. */
function useChanges(message: IMessageContent): void {
  const [, draw] = React.useReducer((count: number) => count + 1, 0);
  React.useEffect(() => {
    const { changed } = message as Partial<IMessage>;
    const slot = (): void => draw();
    changed?.connect(slot);
    return () => {
      changed?.disconnect(slot);
    };
  }, [message]);
}

/** A model's answer that is whole: apps are made anew by asking. */
function isAnswer(message: IMessageContent): boolean {
  return Boolean(message.metadata?.isWhole && message.metadata.spent);
}
