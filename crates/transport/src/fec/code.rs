//! A Reed-Solomon code over GF(2^8), by a Cauchy matrix: of the packets of a picture and those of parity, any as many as the
//! picture has give all of it (Blömer et al. 1995, "An XOR-Based Erasure-Resilient Coding Scheme").

/// x^8 + x^4 + x^3 + x^2 + 1, of which x is a generator.
const POLYNOMIAL: u16 = 0x11d;
const ORDER: usize = 255;

/// Powers of the generator, twice in a row, and to which each element belongs.
const TABLES: ([u8; 2 * ORDER], [u8; 256]) = {
    let (mut powers, mut logs) = ([0; 2 * ORDER], [0; 256]);
    let (mut element, mut n) = (1_u16, 0);
    while n < ORDER {
        powers[n] = element as u8;
        powers[n + ORDER] = element as u8;
        logs[element as usize] = n as u8;
        element <<= 1;
        if element & 0x100 != 0 {
            element ^= POLYNOMIAL;
        }
        n += 1;
    }
    (powers, logs)
};

fn product(a: u8, b: u8) -> u8 {
    let (powers, logs) = &TABLES;
    match (a, b) {
        (0, _) | (_, 0) => 0,
        _ => powers[usize::from(logs[usize::from(a)]) + usize::from(logs[usize::from(b)])],
    }
}

fn inverse(a: u8) -> u8 {
    let (powers, logs) = &TABLES;
    powers[ORDER - usize::from(logs[usize::from(a)])]
}

/// What packet `column` counts by in the parity of `row`. Rows count from above and columns from below, and never meet.
fn factor(row: u8, column: u8) -> u8 {
    inverse((u8::MAX - row) ^ column)
}

/// Each element times `factor`.
fn products(factor: u8) -> [u8; 256] {
    let mut products = [0; 256];
    for (element, product_of) in (0..=u8::MAX).zip(&mut products) {
        *product_of = product(element, factor);
    }
    products
}

/// Adds `symbol`, each octet as its product, to `sum`, which is at least as long.
fn add(sum: &mut [u8], symbol: &[u8], products: &[u8; 256]) {
    for (sum, octet) in sum.iter_mut().zip(symbol) {
        *sum ^= products[usize::from(*octet)];
    }
}

/// Adds `factor` times a packet: its length and its payload.
fn add_packet(sum: &mut [u8], payload: &[u8], factor: u8) {
    let (length, products) = (u16::try_from(payload.len()).unwrap_or(u16::MAX), products(factor));
    let length = length.to_be_bytes();
    add(sum, &length, &products);
    add(&mut sum[length.len()..], payload, &products);
}

/// The parity of `row` over a picture's payloads.
pub(super) fn parity(payloads: &[&[u8]], row: u8) -> Vec<u8> {
    let longest = payloads.iter().map(|payload| payload.len()).max().unwrap_or(0);
    let mut sum = vec![0; 2 + longest];
    for (column, payload) in (0..).zip(payloads) {
        add_packet(&mut sum, payload, factor(row, column));
    }
    sum
}

/// The missing payloads, in order, from those that are here and as many rows of parity; `None` where there are fewer, or what
/// comes out is no packet.
pub(super) fn recover(payloads: &[Option<&[u8]>], parity: &[(u8, &[u8])]) -> Option<Vec<Vec<u8>>> {
    let columns = (0..).zip(payloads);
    let missing: Vec<u8> = columns.clone().filter(|(_, payload)| payload.is_none()).map(|(n, _)| n).collect();
    let rows = parity.get(..missing.len())?;
    let longest = payloads.iter().flatten().map(|payload| payload.len() + 2).max().unwrap_or(2);
    if rows.iter().any(|(_, sum)| sum.len() < longest || sum.len() != rows[0].1.len()) {
        return None;
    }
    // What of each row is left to the missing ones, and by what each of them counts.
    let mut system: Vec<(Vec<u8>, Vec<u8>)> = Vec::with_capacity(rows.len());
    for (row, sum) in rows {
        let mut left = sum.to_vec();
        for (column, payload) in columns.clone() {
            if let Some(payload) = payload {
                add_packet(&mut left, payload, factor(*row, column));
            }
        }
        system.push((missing.iter().map(|column| factor(*row, *column)).collect(), left));
    }
    solve(&mut system)?;
    let payload = |(_, symbol): (Vec<u8>, Vec<u8>)| {
        let (length, payload) = symbol.split_first_chunk()?;
        Some(payload.get(..usize::from(u16::from_be_bytes(*length)))?.to_vec())
    };
    system.into_iter().map(payload).collect()
}

/// By Gauss and Jordan.
fn solve(system: &mut [(Vec<u8>, Vec<u8>)]) -> Option<()> {
    for pivot in 0..system.len() {
        let found = (pivot..system.len()).find(|row| system[*row].0[pivot] != 0)?;
        system.swap(pivot, found);
        let scale = inverse(system[pivot].0[pivot]);
        let (factors, symbol) = &mut system[pivot];
        for element in factors.iter_mut().chain(symbol) {
            *element = product(*element, scale);
        }
        let (factors, symbol) = system[pivot].clone();
        for (row, (others, left)) in system.iter_mut().enumerate() {
            let by = others[pivot];
            if row != pivot && by != 0 {
                let products = products(by);
                add(others, &factors, &products);
                add(left, &symbol, &products);
            }
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_element_but_zero_has_an_inverse() {
        assert!((1..=u8::MAX).all(|element| product(element, inverse(element)) == 1));
        assert!((0..=u8::MAX).all(|element| product(element, 0) == 0));
        assert_eq!(product(0x80, 2), 0x1d);
    }

    proptest! {
        #[test]
        fn as_many_packets_as_there_are_rows_come_back(
            payloads in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 1..20),
            lost in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
            first_row in 0_u8..4,
        ) {
            let whole: Vec<&[u8]> = payloads.iter().map(Vec::as_slice).collect();
            let mut left: Vec<Option<&[u8]>> = whole.iter().copied().map(Some).collect();
            for index in lost {
                left[index.index(whole.len())] = None;
            }
            let missing = left.iter().filter(|payload| payload.is_none()).count();
            let rows: Vec<(u8, Vec<u8>)> =
                (first_row..).take(missing).map(|row| (row, parity(&whole, row))).collect();
            let rows: Vec<(u8, &[u8])> = rows.iter().map(|(row, sum)| (*row, sum.as_slice())).collect();
            let expected: Vec<Vec<u8>> =
                left.iter().zip(&payloads).filter(|(left, _)| left.is_none()).map(|(_, sent)| sent.clone()).collect();
            prop_assert_eq!(recover(&left, &rows), Some(expected));
            if missing > 0 {
                prop_assert_eq!(recover(&left, &rows[1..]), None);
            }
        }

        #[test]
        fn rubbish_is_no_packet_and_no_panic(
            lengths in prop::collection::vec(prop::option::of(0_usize..30), 1..12),
            rows in prop::collection::vec((any::<u8>(), prop::collection::vec(any::<u8>(), 0..30)), 0..6),
        ) {
            let payload = [7; 30];
            let left: Vec<Option<&[u8]>> = lengths.iter().map(|length| length.map(|n| &payload[..n])).collect();
            let rows: Vec<(u8, &[u8])> = rows.iter().map(|(row, sum)| (*row, sum.as_slice())).collect();
            let _ = recover(&left, &rows);
        }
    }
}
