"""Patungan: group buying with escrow. Buyers pool demand, the factory's tier price falls, the money is provably whole."""
