import { LabIcon } from '@jupyterlab/ui-components';

import { IEntry } from '../../api/types';
import { ListingRow } from '../../browser/view/listing-row';
import { entry } from '../helpers/test-server';
import { trans } from '../helpers/translator';

// Its icons need a page.
jest.mock('@jupyterlab/ui-components', () => ({}));

function attributesOf(item: IEntry, fileType: string): unknown {
  const { props } = ListingRow({
    entry: item,
    folder: '',
    local: null,
    columns: [],
    icon: { react: () => null } as unknown as LabIcon,
    fileType,
    id: 'row',
    index: 0,
    start: 0,
    selected: false,
    focused: false,
    trans
  });
  return [props['data-isdir'], props['data-file-type']];
}

it('a row says what it is, as in the core file browser', () => {
  expect(attributesOf(entry('run'), 'text')).toEqual([false, 'text']);
  expect(
    attributesOf({ ...entry('DL1'), type: 'directory' }, 'directory')
  ).toEqual([true, 'directory']);
});
