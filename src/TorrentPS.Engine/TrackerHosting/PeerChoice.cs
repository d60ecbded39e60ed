using System.Net.Sockets;

namespace TorrentPS.Engine.TrackerHosting;

/// <summary>
/// Selects the peers of an answer: one of each subscriber before a second of any, at random if there are more than requested. So a thousand peers announced from one
/// address count as one of many, and a local network behind one address is listed in full. Not thread-safe.
/// </summary>
internal sealed class PeerChoice
{
    private readonly TrackedSide?[] _sides = new TrackedSide?[4];
    private ulong[] _marks = new ulong[16];
    private Turn[] _turns = new Turn[64];

    /// <summary>Selects peers: not the client itself, no seeders for a seeder, and none that has been silent for too long.</summary>
    /// <param name="swarm">The peers to select from.</param>
    /// <param name="chosen">Receives the selected peers.</param>
    /// <param name="self">The index of the client itself; -1 for none.</param>
    /// <param name="isSeeder">Whether the client is a seeder.</param>
    /// <param name="family">The requested address family.</param>
    /// <param name="before">Peers last heard from before this time are not selected.</param>
    /// <returns>The number of selected peers.</returns>
    public int Choose(TrackedSwarm swarm, Span<TrackedPeer> chosen, int self, bool isSeeder, AddressFamily family, int before)
    {
        int total = 0;
        for (int i = 0; i < _sides.Length; i++)
        {
            bool isIPv4 = (i & 1) == 0;
            bool isWanted = (!isSeeder || i < 2) && (family == AddressFamily.Unspecified || family == AddressFamily.InterNetwork == isIPv4);
            _sides[i] = isWanted ? swarm.Side(i >= 2, isIPv4) : null;
            total += _sides[i]?.Count ?? 0;
        }
        if (chosen.IsEmpty || total == 0)
            return 0;
        var pass = new Pass(swarm, self, before);
        return chosen.Length < total ? ChooseSome(pass, chosen, total) : ChooseInTurn(pass, chosen, total);
    }

    /// <summary>One peer each of as many different subscribers as requested, each with the same probability (Floyd's sampling).</summary>
    private int ChooseSome(in Pass pass, Span<TrackedPeer> chosen, int total)
    {
        if (_marks.Length * 64 < total)
            _marks = new ulong[total / 32];
        Span<ulong> marks = _marks.AsSpan(0, (total + 63) / 64);
        int count = 0;
        for (int i = total - chosen.Length; i < total; i++)
        {
            int draw = Random.Shared.Next(i + 1);
            if (IsMarked(marks, draw))
                draw = i;
            marks[draw >> 6] |= 1UL << draw;
            TakeOne(pass, TurnOf(draw), chosen, ref count);
        }
        // Then those after a random index, in place of unsuitable ones.
        int begin = Random.Shared.Next(total);
        for (int i = 0; i < total && count < chosen.Length; i++)
        {
            int draw = begin + i < total ? begin + i : begin + i - total;
            if (!IsMarked(marks, draw))
                TakeOne(pass, TurnOf(draw), chosen, ref count);
        }
        marks.Clear();
        return count;
    }

    /// <summary>One peer of each subscriber, then a second of each, until there are enough or no more.</summary>
    private int ChooseInTurn(in Pass pass, Span<TrackedPeer> chosen, int total)
    {
        if (_turns.Length < total)
            _turns = new Turn[2 * total];
        int begin = Random.Shared.Next(total);
        for (int i = 0; i < total; i++)
            _turns[i] = TurnOf(begin + i < total ? begin + i : begin + i - total);
        int count = 0;
        for (int left = total; left > 0;)
        {
            int still = 0;
            for (int i = 0; i < left; i++)
            {
                Turn turn = _turns[i];
                if (count == chosen.Length)
                    return count;
                TakeOne(pass, ref turn, chosen, ref count);
                if (turn.Looks > 0)
                    _turns[still++] = turn;
            }
            left = still;
        }
        return count;
    }

    private Turn TurnOf(int group)
    {
        int side = 0;
        while (_sides[side] is not { } groups || group >= groups.Count)
            group -= _sides[side++]?.Count ?? 0;
        return new Turn(side, group, _sides[side]![group].Count);
    }

    private void TakeOne(in Pass pass, Turn turn, Span<TrackedPeer> chosen, ref int count) => TakeOne(pass, ref turn, chosen, ref count);

    /// <summary>Takes the next suitable peer of a ring, if there is one, and moves the start of the ring after it.</summary>
    private void TakeOne(in Pass pass, ref Turn turn, Span<TrackedPeer> chosen, ref int count)
    {
        ref TrackedSide.Group group = ref _sides[turn.Side]![turn.Group];
        while (turn.Looks > 0)
        {
            turn = turn with { Looks = turn.Looks - 1 };
            int place = group.First;
            ref TrackedPeer peer = ref pass.Swarm[place];
            group.First = peer.Next;
            if (place == pass.Self || peer.LastSeen < pass.Before)
                continue;
            chosen[count++] = peer;
            return;
        }
    }

    private static bool IsMarked(Span<ulong> marks, int place) => (marks[place >> 6] & 1UL << place) != 0;

    /// <summary>The parameters of one selection.</summary>
    private readonly record struct Pass(TrackedSwarm Swarm, int Self, int Before);

    /// <summary>A subscriber with further peers.</summary>
    private readonly record struct Turn(int Side, int Group, int Looks);
}
