using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Swarm;

/// <content>Super-seeding (BEP 16).</content>
internal sealed partial class TorrentSession
{
    public SuperSeeding? SuperSeeding { get; private set; }

    /// <summary>Shows peers their next pieces.</summary>
    private void ShowPieces(double now)
    {
        if (SuperSeeding is not { } seeding)
            return;
        foreach (PeerSession peer in _peers)
        {
            bool isAny = false;
            while (seeding.Next(peer.State, now) is >= 0 and int piece)
            {
                peer.QueueHave(piece);
                isAny = true;
            }

            if (isAny)
                peer.Flush();
        }
    }

    /// <summary>Another has everything: from now on all may have all of us.</summary>
    private void EndSuperSeeding()
    {
        SuperSeeding seeding = SuperSeeding!;
        SuperSeeding = null;
        Log("Another peer has everything; super-seeding ends");
        foreach (PeerSession peer in _peers)
        {
            Bitfield pieces = peer.State.Pieces;
            for (int piece = 0; piece < pieces.Length; piece++)
            {
                if (!pieces[piece] && !seeding.IsShown(peer.State, piece))
                    peer.QueueHave(piece);
            }

            peer.TellUploadOnly();
        }
    }
}
