using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Swarm.Metadata;
using TorrentPS.Engine.Tests.Storage;

namespace TorrentPS.Engine.Tests.Swarm.Metadata;

/// <summary>The hashes that are requested for a version 2 torrent without piece layers (BEP 52).</summary>
public sealed class LayerFetchTests
{
    private const int PieceLength = 16384;

    // The empty file begins where the torrent ends, so it has no piece at all.
    private static readonly Torrent s_torrent = Sample.BuildV2(TorrentVersion.V2, PieceLength, 1, ("a", 3 * PieceLength), ("b", 1000), ("z", PieceLength), ("zz", 0)).InfoOnly();

    [Fact]
    public void A_file_without_hashes_of_its_own_is_not_asked_about_and_no_hashes_are_wanted_twice()
    {
        var layers = new PieceLayers(s_torrent);
        var wanted = new Bitfield(s_torrent.PieceCount);
        wanted.AddAll();
        bool IsWanted(int file) => wanted[layers.FirstPieceOf(file)];

        var fetch = new LayerFetch(s_torrent, layers, new HashProofs(s_torrent, layers), IsWanted);
        Assert.Equal([(0, 0)], fetch.Wanted.ToArray());
        fetch.Want(Enumerable.Range(0, s_torrent.Files.Count), IsWanted);
        Assert.Equal([(0, 0)], fetch.Wanted.ToArray());
        Assert.Equal(1, fetch.Total);
    }
}
