namespace TorrentPS.Engine.Swarm.Membership;

/// <summary>Which of the addresses that are due comes first: the one that has failed less often, is nearer, comes from a better source, and has the higher canonical priority (BEP 40).</summary>
/// <param name="Failures">Attempts that failed since the last that succeeded.</param>
/// <param name="IsFar">Whether it is in the Internet, rather than near by.</param>
/// <param name="SourceRank">How good its source is; 0 is best.</param>
/// <param name="Priority">Its canonical priority.</param>
/// <param name="Order">When it was queued, which tells one entry of a candidate from another.</param>
internal readonly record struct CandidateRank(int Failures, bool IsFar, int SourceRank, uint Priority, long Order) : IComparable<CandidateRank>
{
    public int CompareTo(CandidateRank other)
    {
        int result = Failures.CompareTo(other.Failures);
        if (result == 0)
            result = IsFar.CompareTo(other.IsFar);
        if (result == 0)
            result = SourceRank.CompareTo(other.SourceRank);
        if (result == 0)
            result = other.Priority.CompareTo(Priority);
        return result == 0 ? Order.CompareTo(other.Order) : result;
    }
}
