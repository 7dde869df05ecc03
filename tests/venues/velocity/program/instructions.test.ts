import { describe, expect, it } from '@jest/globals';
import { signerAddress, stateAddress } from '../../../../src/venues/velocity/program/addresses.ts';
import { plainOrder, velocityInstruction } from '../../../../src/venues/velocity/program/instructions.ts';

const US = '11111111111111111111111111111112';
const OTHER = '11111111111111111111111111111113';
const own = { user: OTHER, userStats: OTHER, authority: US };
const hex = (data: Uint8Array): string => Buffer.from(data).toString('hex');

describe('instructions', () => {
  it('an order of which nothing optional is said has 34 bytes', () => {
    const { data } = velocityInstruction('placePerpOrder', own, plainOrder({ direction: 'short', base: 1n }));
    expect(data).toHaveLength(8 + 34);
    expect(hex(data.subarray(8))).toBe(`00010100${'0100000000000000'}${'00'.repeat(22)}`);
  });

  it('options are one byte, or one byte and the value', () => {
    const order = plainOrder({
      direction: 'long',
      base: 0n,
      orderType: 'limit',
      price: 76_000_000n,
      reduceOnly: true,
      maxTs: -2n,
      oraclePriceOffset: -1n,
      auctionSlots: 20,
    });
    const { data } = velocityInstruction('placeAndTakePerpOrder', own, { ...order, successCondition: 2 });
    const u64 = (value: bigint): string => {
      const bytes = Buffer.alloc(8);
      bytes.writeBigInt64LE(value);
      return bytes.toString('hex');
    };
    expect(hex(data.subarray(8))).toBe(
      [
        '01010000',
        u64(0n),
        u64(76_000_000n),
        '0000010000',
        `01${u64(-2n)}`,
        '00',
        '00',
        `01${u64(-1n)}`,
        '0114',
        '0000',
        '0000',
        '0102000000',
      ].join(''),
    );
  });

  it.each([
    ['cancel_order', velocityInstruction('cancelOrder', own, { orderId: null }), '5f81edf00831df8400'],
    [
      'cancel_orders',
      velocityInstruction('cancelOrders', own, { marketType: 'perp', marketIndex: 0, direction: null }),
      'eee15f9ee36708c20101010000' + '00',
    ],
  ])('%s carries its discriminator', (_name, { data }, expected) => {
    expect(hex(data)).toBe(expected);
  });

  it('names its accounts in the order of the program, the remaining ones last', () => {
    const market = { address: OTHER, writable: true };
    const { keys } = velocityInstruction(
      'withdraw',
      { ...own, vault: OTHER, tokenAccount: OTHER },
      { marketIndex: 1, amount: 5n, reduceOnly: true },
      [market],
    );
    expect(keys).toEqual([
      { address: stateAddress(), writable: false, signer: false },
      { address: OTHER, writable: true, signer: false },
      { address: OTHER, writable: true, signer: false },
      { address: US, writable: false, signer: true },
      { address: OTHER, writable: true, signer: false },
      { address: signerAddress(), writable: false, signer: false },
      { address: OTHER, writable: true, signer: false },
      { address: 'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA', writable: false, signer: false },
      { ...market, signer: false },
    ]);
  });
});
