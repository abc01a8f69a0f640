import { TranslationBundle } from '@jupyterlab/translation';

import { IDelegation } from '../api/types';
import { PersistedValue } from '../common/persisted-value';
import { Notifier } from '../ui/notify';
import { formatLocal } from './describe-certificates';
import { CertificatesModel } from './model';
import { isExpiring, timeLeft } from './validity';

/** Identifies a delegation. */
export function nameOf({ key, uploaded_at: at }: IDelegation): string {
  return `${key} ${at}`;
}

/** Notifies once for each delegation that is about to expire. */
export class ExpiryNotifier {
  /**
   * @param told - the delegations notified so far, one per line
   * @param isWanted - whether notifications are enabled
   */
  constructor(
    private _certificates: CertificatesModel,
    private _told: PersistedValue<string>,
    private _isWanted: () => boolean,
    private _open: () => void,
    private _trans: TranslationBundle
  ) {
    this._notifier = new Notifier(_trans);
    void _told.restored.then(() => {
      _certificates.changed.connect(this._look, this);
      this._look();
    });
  }

  private _look(): void {
    const { delegations, known, now } = this._certificates;
    if (!known) {
      return;
    }
    const told = this._told.value.split('\n').filter(name => name !== '');
    const names = delegations.map(nameOf);
    for (const [name, id] of this._shown) {
      // It was replaced.
      if (!names.includes(name)) {
        this._notifier.dismiss(id);
        this._shown.delete(name);
      }
    }
    const news = delegations.filter(
      delegation =>
        isExpiring(timeLeft(delegation.not_after, now)) &&
        !told.includes(nameOf(delegation))
    );
    if (news.length > 0 && this._isWanted()) {
      news.forEach(delegation => this._tell(delegation));
      this._told.value = [...told, ...news.map(nameOf)]
        .filter(name => names.includes(name))
        .join('\n');
    }
  }

  private _tell(delegation: IDelegation): void {
    const { key, not_after: end } = delegation;
    const id = this._notifier.show(
      'warning',
      this._trans.__(
        'The certificate delegated for %1 expires at %2. Delegate a new one before then.',
        key,
        formatLocal(end)
      ),
      {
        autoClose: false,
        actions: [
          { label: this._trans.__('Delegate…'), callback: () => this._open() }
        ]
      }
    );
    this._shown.set(nameOf(delegation), id);
  }

  private _notifier: Notifier;
  private _shown = new Map<string, string>();
}
