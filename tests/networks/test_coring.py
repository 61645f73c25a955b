import torch

from impasto.networks.coring import THRESHOLD, cored


def weave(amplitude: float, size: int = 64) -> torch.Tensor:
    """Grey with a checkerboard."""
    rows, columns = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
    return (0.5 + amplitude * (1 - 2 * ((rows + columns) % 2))).expand(1, 3, size, size)


def test_a_faint_weave_goes_and_a_strong_pattern_stays() -> None:
    faint, strong = (cored(weave(a))[..., 8:-8, 8:-8].std() for a in (0.006, 0.2))
    assert faint < 0.15 * 0.006
    assert strong > 0.95 * 0.2


def test_half_of_the_band_is_kept_at_the_threshold() -> None:
    kept = cored(weave(THRESHOLD))[..., 8:-8, 8:-8].std() / THRESHOLD
    assert 0.45 < kept < 0.55


def test_slopes_and_edges_stay() -> None:
    slope = torch.linspace(0, 1, 64).expand(1, 3, 64, 64).contiguous()
    torch.testing.assert_close(cored(slope)[..., 8:-8], slope[..., 8:-8], atol=1e-5, rtol=0)
    edge = torch.zeros(1, 3, 64, 64)
    edge[..., 32:] = 1
    assert (cored(edge) - edge).abs().max() < 0.02
