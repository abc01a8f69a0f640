import * as fs from 'fs';
import * as path from 'path';

import { IEntry } from '../../api/types';
import { cellCode } from '../../notebooks/python-cells';
import { entry } from '../helpers/test-server';

/** The cells that the tests in Python execute. */
const CELLS = path.join(__dirname, '../../../tests/cells.json');

interface ICell {
  name: string;
  entries: { path: string; type: IEntry['type'] }[];
  /** Its lines. */
  code: string[];
}

const cells = JSON.parse(fs.readFileSync(CELLS, 'utf8')) as ICell[];

describe('cellCode', () => {
  it.each(cells.map(cell => [cell.name, cell] as const))(
    'opens %s',
    (_, { entries, code }) => {
      const made = cellCode(
        entries.map(({ path, type }) =>
          entry(type === 'directory' ? `${path}/` : path)
        )
      );
      expect(made.split('\n')).toEqual(code);
    }
  );

  it('lets no name out of its string, and hides none of it', () => {
    const code = cellCode([
      entry('lst/a"\n\r\u2028"""+__import__("os")\u202e\ufeff.txt')
    ]);
    expect(code.split(/[\n\r\u2028]/)).toHaveLength(5);
    expect(code).toContain(
      '["lst/a\\"\\n\\r\\u2028\\"\\"\\"+__import__(\\"os\\")\\u202e\\ufeff.txt"]'
    );
  });

  it.each([
    ['datacheck_dl1_LST-1.Run11111.0100.h5', 'h5py'],
    ['DL1_run.HDF5', 'ctapipe'],
    ['gamma.dl2.h5', 'ctapipe'],
    ['LST-1.1.Run11111.0000.fits.fz', 'astropy.io'],
    ['dl3_LST-1.Run11111.fits.fz', 'gammapy'],
    ['table.fits.gz.csv', 'pandas']
  ])('reads %s with %s', (name, library) => {
    expect(cellCode([entry(`lst/${name}`)])).toMatch(
      new RegExp(`^(import|from) ${library}`, 'm')
    );
  });
});
